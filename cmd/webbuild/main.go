package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	root := flag.String("root", ".", "the repository")
	force := flag.Bool("force", false, "bundle even if nothing changed")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "Bundles the web app into server/ui/dist.\n\n    go run ./cmd/webbuild\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(*root, *force); err != nil {
		fmt.Fprintln(os.Stderr, "webbuild:", err)
		os.Exit(1)
	}
}

func run(root string, force bool) error {
	b := newBuild(root)
	fresh, err := b.fresh()
	if err != nil {
		return err
	}
	if fresh && !force {
		return nil
	}
	began := time.Now()
	sizes, err := b.bundle()
	if err != nil {
		return err
	}
	fmt.Printf("· web app: %d kB of JavaScript and CSS, %d kB gzip (budget %d), %d kB gzip for owners alone (%d), and %d kB of Automerge, %d kB gzip, in %d ms\n",
		sizes.script/1000, sizes.scriptPacked/1000, scriptBudget/1000, sizes.ownersPacked/1000, ownersBudget/1000, sizes.wasm/1000, sizes.wasmPacked/1000, time.Since(began).Milliseconds())
	return nil
}
