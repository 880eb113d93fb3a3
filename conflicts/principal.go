package conflicts

// A Role is what a principal may do.
type Role string

// The roles. No role in a token means Member.
const (
	Owner       Role = "owner"       // resolves and proposes
	Member      Role = "member"      // proposes
	Integration Role = "integration" // a webhook connection; proposes
	Viewer      Role = "viewer"      // reads
	NoRole      Role = "none"        // whose access was taken away; no token carries it
)

// MayResolve reports whether the role decides conflicts.
func (r Role) MayResolve() bool { return r == Owner }

// MayPropose reports whether the role may edit at all.
func (r Role) MayPropose() bool { return r == Owner || r == Member || r == Integration }

// A Principal is who an authenticated connection acts for.
type Principal struct {
	Supplier string `json:"supplier"`
	User     string `json:"user"`
	Device   string `json:"device,omitempty"`
	Role     Role   `json:"role"`
}

// Lesser is the role that may do less, so that a change which one device made
// and another delivered never gains a right on the way, and a token gives no
// right that was taken away since.
func (r Role) Lesser(other Role) Role {
	for _, least := range []Role{NoRole, Viewer, Integration, Member, Owner} {
		if r == least || other == least {
			return least
		}
	}
	return Viewer
}
