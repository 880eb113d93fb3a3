package chromium

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/chromedp"
)

// names are what tools/chromium looks for, in its order.
var names = []string{
	"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
}

// Start starts a Chromium without windows whose profile is in a directory, with more
// options if there are any. It ends with stop, or with the parent. In what it returns,
// tabs are opened.
func Start(parent context.Context, profile string, more ...chromedp.ExecAllocatorOption) (ctx context.Context, stop func(), err error) {
	path, err := find()
	if err != nil {
		return nil, nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		// Tabs that nobody looks at go on like those that somebody does.
		chromedp.Flag("disable-background-timer-throttling", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WindowSize(1280, 900),
		chromedp.Flag("force-prefers-reduced-motion", true), // what moves is painted again and again
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocated, cancelAllocator := chromedp.NewExecAllocator(parent, append(options, more...)...)
	ctx, cancel := chromedp.NewContext(allocated)
	stop = func() {
		cancel()
		cancelAllocator()
	}
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, nil, fmt.Errorf("start Chromium: %w", err)
	}
	return ctx, stop, nil
}

func find() (string, error) {
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", errors.New("needs Chromium: tools/chromium finds or installs it, as just test and just bench do")
}

// Unwatched has a tab tell nothing of its nodes and styles, which chromedp asks every
// tab for: nobody here finds elements that way, and a page that tells of each node it
// makes is slower than it is for people.
func Unwatched(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
	for _, disable := range []cdp.Command[cdp.Empty, cdp.Empty]{css.Disable, dom.Disable} { // styles need nodes
		if _, err := chromedp.Call(ctx, disable, cdp.Empty{}); err != nil {
			return chromedp.Void{}, err
		}
	}
	return chromedp.Void{}, nil
}

// Until waits until a JavaScript expression is true. It fails with a [cdproto.Error] if
// the page is left meanwhile.
func Until(expression string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`new Promise((done, failed) => {
		const look = () => {
			try {
				if (%s) done()
				else setTimeout(look, 50)
			} catch (err) {
				failed(err)
			}
		}
		look()
	})`, expression), chromedp.EvalAwaitPromise)
}
