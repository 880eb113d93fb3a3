package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestDifferencesAreMarkedByTheCharacter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, want string }{
		{`"2027-06-12"`, `"2027-06-19"`, "2027-06-1[-2-]{+9+}"},
		{`"Old Barn"`, `"Old Barn House"`, "Old Barn{+ House+}"},
		{`"Old Barn House"`, `"Old Barn"`, "Old Barn[- House-]"},
		{`"The Old Barn"`, `"An Old Barn"`, "[-The-]{+An+} Old Barn"},
		{`"Orchard Barn"`, `"Mill"`, "[-Orchard Barn-]{+Mill+}"},
		{`"Müller"`, `"Mu\u0308ller"`, "M[-ü-]{+u\u0308+}ller"},
		{`"same"`, `"same"`, "same"},
		{`12500`, `13000`, "{+13000+}"},
		{`12500`, `12500`, "12500"},
		{`null`, `"x"`, "{+x+}"},
		{`"x"`, `null`, "{+(none)+}"},
		{`"x"`, `"a\u001b[2J"`, "[-x-]{+a\ufffd[2J+}"},
	} {
		if got := plainMarks.marked(json.RawMessage(c.from), json.RawMessage(c.to)); got != c.want {
			t.Errorf("%s to %s: %q, want %q", c.from, c.to, got, c.want)
		}
		coloured := colourMarks.marked(json.RawMessage(c.from), json.RawMessage(c.to))
		plain := strings.NewReplacer(colourMarks.lost[0], "[-", colourMarks.gained[0], "{+").Replace(coloured)
		if strings.Count(plain, "\x1b[0m") != strings.Count(c.want, "[-")+strings.Count(c.want, "{+") {
			t.Errorf("%s to %s in colour: %q", c.from, c.to, coloured)
		}
	}
}

func TestLongTextsThatDifferAreMarkedAsAWhole(t *testing.T) {
	t.Parallel()
	long, other := strings.Repeat("ab", 2000), strings.Repeat("ba", 2000)
	got := plainMarks.text(characters("x"+long), characters("y"+other+"z"))
	if got != "[-x"+long+"-]{+y"+other+"z+}" {
		t.Errorf("%d characters: %.60q", len(got), got)
	}
}
