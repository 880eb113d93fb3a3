package store

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Bounds of what is kept of a record's names, in bytes of UTF-8.
const (
	maxName   = 200
	maxSearch = 2 << 10
	nameDepth = 8 // maps within maps in which names are looked for
)

// Names are what the client of a record is called and found by: every text of a
// projection whose key contains "name", and all below such a key.
type Names struct {
	// Client is the client's name: the field name, client_name or names, or else
	// the first two others in order of their keys. Venues have names too, which
	// are no client's. Empty if there is none.
	Client string
	Sort   string // Client, folded
	Search string // all names, folded, one a line
}

// NamesIn finds the names in the JSON object of a projection. What is no JSON
// object has none.
func NamesIn(projection []byte) Names {
	var fields map[string]any
	if json.Unmarshal(projection, &fields) != nil {
		return Names{}
	}
	delete(fields, "sync_conflicts") // the hub's own, by names of fields
	var found []named
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		found = namesAt(found, key, fields[key], nameDepth)
	}
	slices.SortStableFunc(found, func(a, b named) int { return a.rank() - b.rank() })
	n := Names{Client: clientOf(found)}
	n.Sort = strings.TrimSpace(cut(FoldName(n.Client), 2*maxName))
	var all []string
	for _, f := range found {
		all = append(all, FoldName(f.text))
	}
	n.Search = cut(strings.Join(slices.Compact(all), "\n"), maxSearch)
	return n
}

// A named text is what one key says.
type named struct{ key, text string }

// rank is how likely a name is the client's.
func (n named) rank() int {
	switch {
	case slices.Contains([]string{"name", "client_name", "names"}, n.key):
		return 0
	case strings.Contains(fold(n.key), "venue"):
		return 2
	}
	return 1
}

// namesAt appends the names that a key's value holds.
func namesAt(found []named, key string, value any, depth int) []named {
	if strings.Contains(fold(key), "name") {
		if text := strings.Join(strings.Fields(strings.Join(textsOf(nil, value, depth), " ")), " "); text != "" {
			found = append(found, named{key, cut(text, maxName)})
		}
		return found
	}
	below, ok := value.(map[string]any)
	if !ok || depth == 0 {
		return found
	}
	for _, inner := range slices.Sorted(maps.Keys(below)) {
		known := len(found)
		found = namesAt(found, inner, below[inner], depth-1)
		for i := known; i < len(found); i++ {
			found[i].key = key + "." + found[i].key // a venue's name stays the venue's
		}
	}
	return found
}

// textsOf appends the texts of a value and of all within it.
func textsOf(texts []string, value any, depth int) []string {
	if depth == 0 {
		return texts
	}
	switch v := value.(type) {
	case string:
		texts = append(texts, v)
	case []any:
		for _, e := range v {
			texts = textsOf(texts, e, depth-1)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			texts = textsOf(texts, v[key], depth-1)
		}
	}
	return texts
}

// clientOf is what a client is called by names in order of rank.
func clientOf(found []named) string {
	var names []string
	for _, n := range found {
		if n.rank() < 2 && len(names) < 2 {
			names = append(names, n.text)
		}
		if n.rank() == 0 {
			break
		}
	}
	return cut(strings.Join(names, " & "), maxName)
}

// FoldName is a name as names are compared: without case, accents, control
// characters and superfluous space.
func FoldName(s string) string {
	bare := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) || unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, norm.NFKD.String(s))
	return strings.Join(strings.Fields(norm.NFC.String(fold(bare))), " ")
}

func fold(s string) string { return cases.Fold().String(s) }

// cut is s, or its first bytes up to a whole character.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}
