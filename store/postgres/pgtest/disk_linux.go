package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// DiskCanFill reports whether FillDisk works here.
const DiskCanFill = true

// fullDisk is loaded into the server's processes, where it stands in for a full
// disk: while the file exists that fullVariable names, nothing can be written that
// would make a file larger, which is the very error of a full disk. What is
// written into the room that a file has already goes on. A real small disk would
// need the rights to mount one.
const fullDisk = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int full(int fd, off_t end) {
	const char *flag = getenv("` + fullVariable + `");
	struct stat s;
	return flag && access(flag, F_OK) == 0 && fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && end > s.st_size;
}

static off_t size(const struct iovec *v, int n) {
	off_t all = 0;
	for (int i = 0; i < n; i++) all += v[i].iov_len;
	return all;
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define PWRITE(name) ssize_t name(int fd, const void *b, size_t n, off_t at) { \
	REAL(name); \
	if (full(fd, at + n)) { errno = ENOSPC; return -1; } \
	return real(fd, b, n, at); }
PWRITE(pwrite)
PWRITE(pwrite64)

#define PWRITEV(name) ssize_t name(int fd, const struct iovec *v, int n, off_t at) { \
	REAL(name); \
	if (full(fd, at + size(v, n))) { errno = ENOSPC; return -1; } \
	return real(fd, v, n, at); }
PWRITEV(pwritev)
PWRITEV(pwritev64)

#define FALLOCATE(name) int name(int fd, off_t at, off_t n) { \
	REAL(name); \
	return full(fd, at + n) ? ENOSPC : real(fd, at, n); }
FALLOCATE(posix_fallocate)
FALLOCATE(posix_fallocate64)
`

// fullVariable names the file whose existence means that the disk is full.
const fullVariable = "WEDSYNC_PGTEST_FULL"

// StartFillable is Start for a server whose disk can be filled. It needs a C
// compiler, as the hub itself does.
func StartFillable(settings ...string) (*Server, error) {
	return start(settings, (*Server).preload)
}

// preload has the server's processes load what stands in for a full disk.
func (s *Server) preload() error {
	source, library := filepath.Join(s.dir, "full.c"), filepath.Join(s.dir, "full.so")
	if err := os.WriteFile(source, []byte(fullDisk), 0o644); err != nil {
		return err
	}
	if out, err := exec.Command("cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl").CombinedOutput(); err != nil {
		return fmt.Errorf("compile the full disk: %w\n%s", err, out)
	}
	s.environment = []string{"LD_PRELOAD=" + library, fullVariable + "=" + s.full()}
	return nil
}

func (s *Server) full() string { return filepath.Join(s.dir, "full") }

// FillDisk fills the disk of a server that StartFillable started.
func (s *Server) FillDisk() error { return os.WriteFile(s.full(), nil, 0o644) }

// FreeDisk ends FillDisk.
func (s *Server) FreeDisk() error { return os.Remove(s.full()) }
