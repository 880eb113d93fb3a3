// Package engine does what needs a whole Automerge document: it materialises a
// record as JSON and saves it as a document file.
//
// It is the only package that imports automerge-go, native code that ends its
// process on bad input. So the document lives in a worker, a process of the
// same binary that [Main] turns into one, and [Engine] supervises a few of
// them: each call has a deadline, each worker a memory limit, and a worker that
// dies is replaced. A worker keeps nothing between two calls.
//
// When a history kills workers, or is refused by them, the engine finds the first
// change that it cannot take and puts it in quarantine: it is never fed again,
// and neither is what depends on it. The quarantine is bounded and lives in
// memory; after a restart such a change costs one more search. A record that
// takes too long is held back, each time in a row for twice as long.
//
// An Engine may be used by many goroutines. Who needs to survive bad input need
// do nothing; who needs to know of it reads the metrics or the log, where each
// case stands once.
package engine
