package pgtest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// errNoBinaries says how to get what is missing.
var errNoBinaries = errors.New("no initdb and postgres on PATH, in pg_config --bindir or in /usr/lib/postgresql/*/bin: " +
	"run tools/postgres, or install the package postgresql (apt-get install postgresql)")

// binaries finds the directory that holds initdb and postgres.
func binaries() (string, error) {
	var candidates []string
	if initdb, err := exec.LookPath("initdb"); err == nil {
		candidates = append(candidates, filepath.Dir(initdb))
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		candidates = append(candidates, strings.TrimSpace(string(out)))
	}
	versions, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.Reverse(versions) // the newest first
	for _, dir := range append(candidates, versions...) {
		if isProgram(filepath.Join(dir, "initdb")) && isProgram(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", errNoBinaries
}

func isProgram(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// Missing says why no server can be started here, empty if one can.
func Missing() string {
	if _, err := binaries(); err != nil {
		return err.Error()
	}
	return ""
}
