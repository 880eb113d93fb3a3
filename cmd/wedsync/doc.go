// Command wedsync is the hub and the tools to look at it: serve, demo, token,
// status, conflicts, version. Each command has its file; wiring only.
//
// The same binary is the worker in which automerge-go runs, which is why main
// asks package engine first whether it is one.
package main
