// Package engine does what needs a whole Automerge document: it materialises a
// record as JSON and saves it as a document file.
//
// It is the only package that imports automerge-go, native code that ends its
// process on bad input. So the document lives in a worker, a process of the
// same binary that [Main] turns into one, and [Engine] supervises a few of
// them: each call has a deadline, each worker a memory limit, and a worker that
// dies is replaced. A worker keeps nothing between two calls.
//
// When a history kills workers, the engine finds the first change on which they
// die and puts it in quarantine: it is never fed again, and neither is what
// depends on it. The quarantine is bounded and lives in memory; after a restart
// a killer costs one more search. An Engine may be used by many goroutines.
package engine
