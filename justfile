# Everything that is done with this repository. Needs Go 1.26, a C compiler and
# Node 20.19; the rest is fetched by the first recipe that runs.

set shell := ["bash", "-euo", "pipefail", "-c"]

# The story in the terminal, then a hub that keeps serving.
run *args: _setup
    @echo "· building the hub (the first build takes a few minutes)"
    @go build -o bin/wedsync ./cmd/wedsync
    @exec ./bin/wedsync demo {{ args }}

# Vet has run already, and what debuggers want is left out: both save minutes.
# The race detector watches all but the C of SQLite that was translated to Go: two thirds of the time went there.
# Tests wait for processes more than they compute: four of a package at once keep two cores busy, and
# the packages that take longest begin first. They collect garbage a third as often as usual: up to a
# third of their time went there.
# Checks, and all tests under the race detector. They start a PostgreSQL of their own.
test *args: check _postgres _chromium
    @echo "· testing under -race (the first build takes a few minutes)"
    @GOGC=300 go test -race -gcflags='modernc.org/...=-race=false' -ldflags=-w -vet=off -timeout 30m -parallel 4 {{ args }} ./cmd/wedsync ./store/postgres ./... ./testdata/providers
    @echo "· three proofs with wscat and curl (just proofs shows them)"
    @./tools/proofs >/dev/null

# Shows with wscat, curl and jq what apps around the hub rely on.
proofs: _setup
    @exec ./tools/proofs

# Formatting, types of the web app, vet, staticcheck, and a tidy module.
check: _setup
    @echo "· tsc"
    @node_modules/.bin/tsc -p server/ui/web
    @node_modules/.bin/tsc -p server/ui/web/tsconfig.worker.json
    @echo "· gofumpt"
    @unformatted="$(go tool -modfile=tools/tools.mod gofumpt -l cmd conflicts crdt server store syncproto testdata)"; \
      if [ -n "$unformatted" ]; then echo "not formatted (run: just fmt):"; echo "$unformatted"; exit 1; fi
    @echo "· go vet"
    @go vet ./... ./testdata/providers
    @echo "· staticcheck"
    @go tool -modfile=tools/tools.mod staticcheck ./... ./testdata/providers
    @echo "· go mod tidy"
    @go mod tidy -diff

# Format all Go files.
fmt:
    go tool -modfile=tools/tools.mod gofumpt -w cmd conflicts crdt server store syncproto testdata

# The web app that the hub embeds. Every recipe bundles it when its sources are
# newer; this does in any case.
web: _setup
    @go run ./cmd/webbuild --force

# Pictures of every page, on a phone and on a desk, light and dark, in tmp/screenshots.
screenshots: _setup _chromium
    @mkdir -p tmp/screenshots
    @WEDSYNC_SCREENSHOTS="$PWD/tmp/screenshots" go test -count=1 -run '^TestEveryPageFitsEveryScreenAndIsAccessible$' ./cmd/wedsync
    @echo "· $PWD/tmp/screenshots"

# The hub beside automerge-repo-sync-server and Hocuspocus, as ratios. About
# a quarter of an hour; --quick for an impression in a few minutes.
bench *args: _setup _peers _chromium
    @echo "· building the hub and the load generator"
    @go build -o bin/wedsync ./cmd/wedsync
    @go build -o bin/bench ./cmd/bench
    @exec ./bin/bench --hub ./bin/wedsync {{ args }}

# Every fuzz target for a while each. Inputs are kept as they were found:
# making one of some kilobytes minimal takes longer than finding it.
fuzz time="30s": _setup
    @for pkg in $(go list ./...); do \
      for target in $(go test -list '^Fuzz' "$pkg" | grep '^Fuzz' || true); do \
        echo "· $pkg $target"; \
        go test -run '^$' -fuzz "^$target\$" -fuzztime {{ time }} -fuzzminimizetime 1x "$pkg"; \
      done; \
    done

# The long forms of the random and hostile tests, three quarters of an hour in all: hostile
# inputs, floods, sync sessions, kills, stories, critical fields. --help names parts and sizes.
soak *args: _setup
    @exec ./tools/soak {{ args }}

# What every recipe needs. Does nothing when it is there.
_setup:
    @./tools/setup

# What only the tests need: PostgreSQL's binaries.
_postgres:
    @./tools/postgres

# What tests of the web app and its benchmark need: Chromium.
_chromium:
    @./tools/chromium

# What only the benchmark needs: the servers to compare with.
_peers:
    @./tools/npm-install testdata/bench/automerge-sync-server
    @./tools/npm-install testdata/bench/hocuspocus
    @cd testdata/bench/hocuspocus; \
      if [ ! -e node_modules/better-sqlite3/build/Release/better_sqlite3.node ]; then \
        echo "· building better-sqlite3 for Hocuspocus (a minute, unless a prebuilt one is found)"; \
        npm run build --silent || echo "· it cannot be built, see testdata/bench/hocuspocus/README.md: Hocuspocus is left out"; \
      fi
