//go:build !linux

package engine

import "syscall"

// attributes keep a terminal's interrupt from the worker. It ends when its
// standard input does.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
