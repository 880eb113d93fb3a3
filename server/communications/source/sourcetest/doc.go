// Package sourcetest reads accounts in tests of sources: as the hub does, but into
// memory, and without waiting for anybody.
package sourcetest
