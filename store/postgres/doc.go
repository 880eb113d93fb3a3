// Package postgres is the store for several hubs at once: one PostgreSQL
// database, of version 15 or newer, that all nodes open.
//
// A commit holds its supplier's row in suppliers, which counts the journal, from
// before it reads until it is committed. Whoever else writes rows of a supplier
// holds that row too, by a lock that suits: see the first migration. Rows are
// found by supplier first, so that tables can be distributed by it.
//
// The hub's own tables lie in the schema wedsync. What people and tools read,
// clients, client_activities and sync_conflicts, lies in the first schema of the
// connection's search path, and shows each supplier its own rows.
//
// What is erased is gone from all rows at once; PostgreSQL keeps the dead rows
// in its files until it has vacuumed them, and in its log until that is recycled.
package postgres
