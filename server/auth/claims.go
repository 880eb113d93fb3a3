package auth

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/golang-jwt/jwt/v5"

	"wedsync/conflicts"
)

// Bounds of a claim's path.
const (
	maxPath  = 256 // bytes
	maxDepth = 8   // names
)

// A Path is where a claim stands: the names of the objects around it, outermost
// first, and its own.
type Path []string

// ParsePath reads app_metadata.role or, for names that have dots,
// /https:~1~1example.com~1claims/role, a JSON pointer.
func ParsePath(text string) (Path, error) {
	if len(text) > maxPath {
		return nil, fmt.Errorf("a path has at most %d bytes", maxPath)
	}
	pointer, isPointer := strings.CutPrefix(text, "/")
	separator := "."
	if isPointer {
		text, separator = pointer, "/"
	}
	path := Path(strings.Split(text, separator))
	if len(path) > maxDepth {
		return nil, fmt.Errorf("a path has at most %d names", maxDepth)
	}
	for i, name := range path {
		if name == "" {
			return nil, errors.New("a path has no empty names")
		}
		if isPointer {
			path[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		}
	}
	return path, nil
}

// String is the path as ParsePath reads it.
func (p Path) String() string {
	if strings.ContainsAny(strings.Join(p, ""), "./") {
		escape := strings.NewReplacer("~", "~0", "/", "~1")
		var b strings.Builder
		for _, name := range p {
			b.WriteString("/" + escape.Replace(name))
		}
		return b.String()
	}
	return strings.Join(p, ".")
}

// Claims say where a token of an issuer names its user, supplier, role and
// device. Tokens of one without Role are all members', and of one without Device
// name no device.
type Claims struct{ User, Supplier, Role, Device Path }

// WedSyncClaims are those of the hub's own tokens.
var WedSyncClaims = Claims{
	User: Path{"sub"}, Supplier: Path{"supplier_id"}, Role: Path{"role"}, Device: Path{"device"},
}

// SupabaseClaims are those of Supabase's access tokens. Their top-level role is
// one of PostgreSQL's, "authenticated", and none of ours; what stands in
// app_metadata is not for users to write, as user_metadata is.
var SupabaseClaims = Claims{
	User: Path{"sub"}, Supplier: Path{"app_metadata", "supplier_id"}, Role: Path{"app_metadata", "role"},
}

// ParseClaims reads the name of a preset, wedsync or supabase, or settings such
// as supplier=org.id,role=org.role, or a preset followed by settings that
// differ. What is not said is as in the preset, wedsync if none is named.
func ParseClaims(text string) (Claims, error) {
	c := WedSyncClaims
	for i, part := range strings.Split(text, ",") {
		name, path, isSetting := strings.Cut(strings.TrimSpace(part), "=")
		switch {
		case isSetting:
			if err := c.set(name, path); err != nil {
				return Claims{}, err
			}
		case i > 0:
			return Claims{}, fmt.Errorf("%q is no setting such as role=app_metadata.role", part)
		case name == "supabase":
			c = SupabaseClaims
		case name != "wedsync" && name != "":
			return Claims{}, fmt.Errorf("%q is no preset: there are wedsync and supabase", name)
		}
	}
	return c, nil
}

// set sets one path; an empty one only where a token needs not have the claim.
func (c *Claims) set(name, text string) error {
	target, ok := map[string]*Path{"user": &c.User, "supplier": &c.Supplier, "role": &c.Role, "device": &c.Device}[name]
	if !ok {
		return fmt.Errorf("%q is none of user, supplier, role and device", name)
	}
	if text == "" && (name == "role" || name == "device") {
		*target = nil
		return nil
	}
	path, err := ParsePath(text)
	if err != nil {
		return fmt.Errorf("%s=%s: %w", name, text, err)
	}
	*target = path
	return nil
}

// principal is who a token with these claims acts for.
func (c Claims) principal(claims jwt.MapClaims) (p conflicts.Principal, err error) {
	var role string
	for _, claim := range []struct {
		path   Path
		into   *string
		needed bool
	}{
		{c.User, &p.User, true},
		{c.Supplier, &p.Supplier, true},
		{c.Role, &role, false},
		{c.Device, &p.Device, false},
	} {
		if *claim.into, err = claim.path.text(claims); err != nil {
			return conflicts.Principal{}, err
		}
		if *claim.into == "" && claim.needed {
			return conflicts.Principal{}, fmt.Errorf("%w: claim %s is missing", ErrBadToken, claim.path)
		}
	}
	p.Role, err = roleOf(conflicts.Role(role))
	return p, err
}

// text is the text that stands at p, empty if nothing does.
func (p Path) text(claims jwt.MapClaims) (string, error) {
	if len(p) == 0 {
		return "", nil
	}
	within := map[string]any(claims)
	for i, name := range p {
		value, ok := within[name]
		if !ok {
			return "", nil
		}
		if i == len(p)-1 {
			return p.name(value)
		}
		if within, ok = value.(map[string]any); !ok {
			return "", fmt.Errorf("%w: claim %s is %s, not an object", ErrBadToken, p[:i+1], kind(value))
		}
	}
	return "", nil
}

// name is a value as the name of somebody or something.
func (p Path) name(value any) (string, error) {
	text, ok := value.(string)
	switch {
	case !ok:
		return "", fmt.Errorf("%w: claim %s is %s, not a text", ErrBadToken, p, kind(value))
	case len(text) > maxName:
		return "", fmt.Errorf("%w: claim %s is longer than %d bytes", ErrBadToken, p, maxName)
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", fmt.Errorf("%w: claim %s has control characters", ErrBadToken, p)
	}
	return text, nil
}

// kind is what a JSON value is.
func kind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "a truth value"
	case string:
		return "a text"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "a number"
}

func roleOf(r conflicts.Role) (conflicts.Role, error) {
	switch r {
	case "":
		return conflicts.Member, nil
	case conflicts.Owner, conflicts.Member, conflicts.Integration, conflicts.Viewer:
		return r, nil
	}
	return "", fmt.Errorf("%w: unknown role", ErrBadToken)
}
