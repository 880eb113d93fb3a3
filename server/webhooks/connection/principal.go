package connection

import "wedsync/conflicts"

// Principal is whom a connection acts as: whose its edits are, and who is told of
// values that go to its CRM.
func Principal(supplier, id string) conflicts.Principal {
	return conflicts.Principal{Supplier: supplier, User: "connection/" + id, Role: conflicts.Integration}
}
