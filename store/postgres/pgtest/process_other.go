//go:build !linux

package pgtest

import "syscall"

// attributes of a process. Nothing but Linux can end it with this one.
func attributes(c *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: c, Setpgid: true}
}
