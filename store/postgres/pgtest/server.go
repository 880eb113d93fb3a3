package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	superuser    = "postgres"
	startTimeout = 60 * time.Second
)

// A Server is a PostgreSQL server of one test package.
type Server struct {
	bin, dir    string
	credential  *syscall.Credential // nil to stay who we are
	settings    []string
	environment []string // of the server's processes, beside what all have
	process     *exec.Cmd
	paused      bool
	ended       chan error // holds how the process ended
}

// Start makes a new cluster and starts its server, with settings such as
// "max_connections=20". It does not wait for the disk, unless a setting says so:
// what it keeps outlives its processes, not the machine.
func Start(settings ...string) (*Server, error) {
	return start(settings, func(*Server) error { return nil })
}

// start is Start with something to do before the server runs.
func start(settings []string, prepare func(*Server) error) (*Server, error) {
	s := &Server{settings: append([]string{"fsync=off", "full_page_writes=off", "max_connections=60"}, settings...)}
	err := s.make()
	if err == nil {
		err = prepare(s)
	}
	if err == nil {
		err = s.Restart()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start a throwaway PostgreSQL: %w", err), s.Close())
	}
	return s, nil
}

// make makes the cluster.
func (s *Server) make() (err error) {
	if s.bin, err = binaries(); err != nil {
		return err
	}
	if os.Getuid() == 0 {
		if s.credential, err = unprivileged(); err != nil {
			return err
		}
	}
	// Not the test's directory: its parents may be closed to the other user, and
	// the path of a socket is short.
	if s.dir, err = os.MkdirTemp("/tmp", "pg"); err != nil {
		return err
	}
	if s.credential != nil {
		if err := os.Chown(s.dir, int(s.credential.Uid), int(s.credential.Gid)); err != nil {
			return err
		}
	}
	runtime.LockOSThread() // a child dies with the thread that started it
	defer runtime.UnlockOSThread()
	initdb := s.command("initdb", "-D", s.data(), "-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// unprivileged is postgres, or nobody if there is none.
func unprivileged() (*syscall.Credential, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "d") }

func (s *Server) command(program string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.bin, program), args...)
	c.Dir = s.dir
	c.Env = []string{"PATH=" + s.bin, "LC_ALL=C", "TZ=UTC"}
	c.Env = append(c.Env, s.environment...)
	c.SysProcAttr = attributes(s.credential)
	return c
}

// Restart starts the server, which must not be running, and waits until it can
// be connected to.
func (s *Server) Restart() error {
	args := []string{"-D", s.data(), "-k", s.dir, "-h", ""}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	s.process = s.command("postgres", args...)
	s.process.Stdout, s.process.Stderr = log, log
	s.ended = make(chan error, 1)
	started := make(chan error)
	// A child dies with the thread that started it, so that one lives as long as the child.
	go func(c *exec.Cmd, ended chan<- error) {
		runtime.LockOSThread()
		err := c.Start()
		started <- err
		if err == nil {
			ended <- c.Wait()
		}
	}(s.process, s.ended)
	if err := <-started; err != nil {
		s.process = nil
		return err
	}
	return s.await()
}

// await waits until the server lets somebody in.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.Address("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case ended := <-s.ended:
			s.process = nil
			return fmt.Errorf("postgres ended: %w\n%s", ended, s.Log())
		case <-ctx.Done():
			return fmt.Errorf("postgres lets nobody in: %w\n%s", err, s.Log())
		case <-again.C:
		}
	}
}

// Log is what the server has said, its end.
func (s *Server) Log() string {
	b, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	const most = 8 << 10
	if len(b) > most {
		b = b[len(b)-most:]
	}
	return string(bytes.TrimSpace(b))
}

// Address is that of a database of the server, for its superuser.
func (s *Server) Address(database string) string {
	return "postgres://" + superuser + "@/" + database + "?host=" + s.dir
}

// StopImmediately ends the server as pg_ctl stop -m immediate does: no
// transaction is completed and nothing is written any more. The next start recovers.
func (s *Server) StopImmediately() error { return s.stop(syscall.SIGQUIT) }

// Stop ends the server's sessions and then the server.
func (s *Server) Stop() error { return s.stop(syscall.SIGINT) }

func (s *Server) stop(sig syscall.Signal) error {
	if s.process == nil {
		return nil
	}
	if s.paused {
		if err := s.Resume(); err != nil {
			return err
		}
	}
	if err := s.process.Process.Signal(sig); err != nil {
		return err
	}
	<-s.ended // killed or not, it is gone
	s.process = nil
	return nil
}

// Close ends the server and removes what it kept.
func (s *Server) Close() error {
	err := s.StopImmediately()
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// PID is the process that all others of the server are children of.
func (s *Server) PID() int { return s.process.Process.Pid }
