// Package jobs has River run the jobs of a store.
//
// A [Queue] stands on the tables that River has in some database, which a store
// opens for it. What River itself keeps is worth nothing beyond the moment: a job
// is a doorbell, and who rings it has written down elsewhere what for.
//
// All jobs are of one kind to River and tell theirs in their arguments; each kind
// has a queue of its own, so that none waits for the workers of another.
package jobs
