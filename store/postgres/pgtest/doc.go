// Package pgtest starts throwaway PostgreSQL servers from the machine's binaries,
// for tests alone. It never touches a server that it did not start.
//
// A server listens on a Unix socket in a directory of its own, and ends with the
// test process, however that ends. Under root it runs as postgres or nobody.
package pgtest
