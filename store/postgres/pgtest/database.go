package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// template is the database that others are copied from.
const template = "wedsync_template"

// Template makes the database that Database copies. prepare is given its address
// and leaves no connection behind.
func (s *Server) Template(ctx context.Context, prepare func(ctx context.Context, address string) error) error {
	if err := s.Run(ctx, "postgres", "CREATE DATABASE "+template); err != nil {
		return err
	}
	return prepare(ctx, s.Address(template))
}

// Database makes a database like the template, and returns its address.
func (s *Server) Database(ctx context.Context) (address string, err error) {
	name := "t" + strings.ToLower(rand.Text()[:12])
	if err := s.Run(ctx, "postgres", fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY FILE_COPY", name, template)); err != nil {
		return "", err
	}
	return s.Address(name), nil
}

// Run runs a statement in a database, as the superuser.
func (s *Server) Run(ctx context.Context, database, statement string) (err error) {
	conn, err := pgx.Connect(ctx, s.Address(database))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

// At is a server that another process has started, by its address of a
// database. It cannot be stopped.
func At(dir string) *Server { return &Server{dir: dir} }

// Dir is the directory of the server's socket.
func (s *Server) Dir() string { return s.dir }
