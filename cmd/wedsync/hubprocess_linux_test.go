package main

import "syscall"

// hubAttributes are those of a process that ends with this one, and that a key
// pressed at this one does not reach.
func hubAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
