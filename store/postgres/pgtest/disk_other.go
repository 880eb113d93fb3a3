//go:build !linux

package pgtest

import "errors"

// DiskCanFill reports whether FillDisk works here.
const DiskCanFill = false

// StartFillable is Start.
func StartFillable(settings ...string) (*Server, error) { return Start(settings...) }

var errNoDisk = errors.New("no disk can be filled here, only under Linux")

// FillDisk fails.
func (s *Server) FillDisk() error { return errNoDisk }

// FreeDisk fails.
func (s *Server) FreeDisk() error { return errNoDisk }
