package auth

import (
	"errors"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"wedsync/conflicts"
)

func TestClaimsAreReadFromPresetsAndPaths(t *testing.T) {
	for text, want := range map[string]Claims{
		"":         WedSyncClaims,
		"wedsync":  WedSyncClaims,
		"supabase": SupabaseClaims,
		"supplier=app_metadata.supplier_id,role=app_metadata.role,user=sub,device=device": {
			User: Path{"sub"}, Supplier: Path{"app_metadata", "supplier_id"}, Role: Path{"app_metadata", "role"}, Device: Path{"device"},
		},
		"supabase, device=app_metadata.device": {
			User: Path{"sub"}, Supplier: Path{"app_metadata", "supplier_id"}, Role: Path{"app_metadata", "role"}, Device: Path{"app_metadata", "device"},
		},
		"role=,device=": {User: Path{"sub"}, Supplier: Path{"supplier_id"}},
		"supplier=/https:~1~1barn.example~1claims/supplier~0id": {
			User: Path{"sub"}, Supplier: Path{"https://barn.example/claims", "supplier~id"}, Role: Path{"role"}, Device: Path{"device"},
		},
	} {
		got, err := ParseClaims(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
		for _, p := range []Path{got.User, got.Supplier, got.Role, got.Device} {
			if again, err := ParsePath(p.String()); p != nil && (err != nil || !cmp.Equal(p, again)) {
				t.Errorf("%v is written %q and read %v, %v", []string(p), p, []string(again), err)
			}
		}
	}
}

func TestClaimsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, text := range []string{
		"auth0", "user=sub,supabase", "owner=sub", "user=", "supplier=", "user", "user=a..b", "user=.a", "user=/", "user=/a//b",
		"user=" + strings.Repeat("a.", maxDepth) + "a", "user=" + strings.Repeat("a", maxPath+1),
	} {
		if c, err := ParseClaims(text); err == nil {
			t.Errorf("%q is read as %+v", text, c)
		}
	}
}

// supabaseToken are the claims of a real access token, shortened.
func supabaseToken(appMetadata map[string]any) jwt.MapClaims {
	return jwt.MapClaims{
		"iss": "https://project.supabase.co/auth/v1", "aud": "authenticated", "sub": "0b1a", "role": "authenticated",
		"session_id": "7c1d", "app_metadata": appMetadata, "user_metadata": map[string]any{"supplier_id": "mill", "role": "owner"},
	}
}

func TestSupabasesOwnRoleIsNotOurs(t *testing.T) {
	for name, c := range map[string]struct {
		token jwt.MapClaims
		want  conflicts.Principal
		fault string
	}{
		"role in app_metadata": {
			token: supabaseToken(map[string]any{"supplier_id": "barn", "role": "owner"}),
			want:  conflicts.Principal{Supplier: "barn", User: "0b1a", Role: conflicts.Owner},
		},
		"no role there": {
			token: supabaseToken(map[string]any{"supplier_id": "barn", "provider": "email"}),
			want:  conflicts.Principal{Supplier: "barn", User: "0b1a", Role: conflicts.Member},
		},
		"no supplier there": {
			token: supabaseToken(map[string]any{"role": "owner"}),
			fault: "claim app_metadata.supplier_id is missing",
		},
		"the key that is public": {
			token: jwt.MapClaims{"iss": "supabase", "ref": "project", "role": "anon"},
			fault: "claim sub is missing",
		},
		"the key that may do everything": {
			token: jwt.MapClaims{"iss": "supabase", "ref": "project", "role": "service_role"},
			fault: "claim sub is missing",
		},
		"another role there": {
			token: supabaseToken(map[string]any{"supplier_id": "barn", "role": "authenticated"}),
			fault: "unknown role",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := SupabaseClaims.principal(c.token)
			if c.fault == "" && (err != nil || got != c.want) {
				t.Errorf("%+v, %v, want %+v", got, err, c.want)
			}
			if c.fault != "" && (!errors.Is(err, ErrBadToken) || !strings.Contains(err.Error(), c.fault)) {
				t.Errorf("%v, want a bad token with %q", err, c.fault)
			}
		})
	}
}

func TestClaimsOfAnotherKindAreNamedInTheRefusal(t *testing.T) {
	c := Claims{User: Path{"sub"}, Supplier: Path{"org", "id"}, Role: Path{"org", "role"}, Device: Path{"device"}}
	for fault, change := range map[string]func(jwt.MapClaims){
		"claim sub is a number, not a text":         func(c jwt.MapClaims) { c["sub"] = 7.0 },
		"claim sub is null, not a text":             func(c jwt.MapClaims) { c["sub"] = nil },
		"claim org is a text, not an object":        func(c jwt.MapClaims) { c["org"] = "barn" },
		"claim org is a list, not an object":        func(c jwt.MapClaims) { c["org"] = []any{"barn"} },
		"claim org.id is an object, not a text":     func(c jwt.MapClaims) { c["org"] = map[string]any{"id": map[string]any{}} },
		"claim org.id is a truth value, not a text": func(c jwt.MapClaims) { c["org"] = map[string]any{"id": true} },
		"claim org.id is missing":                   func(c jwt.MapClaims) { delete(c, "org") },
		"claim org.role is a list, not a text":      func(c jwt.MapClaims) { c["org"].(map[string]any)["role"] = []any{"owner"} },
		"claim device has control characters":       func(c jwt.MapClaims) { c["device"] = "a\x00b" },
		"claim device is longer than 256 bytes":     func(c jwt.MapClaims) { c["device"] = strings.Repeat("x", maxName+1) },
	} {
		token := jwt.MapClaims{"sub": "olga", "org": map[string]any{"id": "barn"}, "device": "phone"}
		if _, err := c.principal(token); err != nil {
			t.Fatal(err)
		}
		change(token)
		if p, err := c.principal(token); !errors.Is(err, ErrBadToken) || !strings.Contains(err.Error(), fault) {
			t.Errorf("%+v, %v, want %q", p, err, fault)
		}
	}
}

func FuzzParseClaims(f *testing.F) {
	f.Add("supabase,device=/a~1b/c")
	f.Add("user=a.b.c,role=")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseClaims(text)
		if err != nil {
			return
		}
		for _, p := range []Path{c.User, c.Supplier, c.Role, c.Device} {
			if len(p) > maxDepth {
				t.Errorf("%q has a path of %d names", text, len(p))
			}
			if _, err := p.text(jwt.MapClaims{"a": map[string]any{"b": 7.0}}); err != nil && !errors.Is(err, ErrBadToken) {
				t.Error(err)
			}
		}
		if len(c.User) == 0 || len(c.Supplier) == 0 {
			t.Errorf("%q needs no user or supplier", text)
		}
	})
}
