//go:build !linux

package main

import "syscall"

// hubAttributes are those of a process that a key pressed at this one does not
// reach. Nothing but Linux can end it with this one.
func hubAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
