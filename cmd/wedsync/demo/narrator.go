package demo

import (
	"fmt"
	"io"
)

// A narrator tells the story, in colours where they help.
type narrator struct {
	out    io.Writer
	colour bool
	act    int
}

const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (n *narrator) paint(code, text string) string {
	if !n.colour {
		return text
	}
	return "\033[" + code + "m" + text + "\033[0m"
}

// print writes a line. A terminal that is gone is no reason to stop.
func (n *narrator) print(format string, args ...any) { fmt.Fprintf(n.out, format+"\n", args...) }

// begin opens the next act.
func (n *narrator) begin(title string) {
	n.act++
	n.print("\n%s %s", n.paint(bold, fmt.Sprintf("%d.", n.act)), n.paint(bold, title))
}

// does tells what somebody does.
func (n *narrator) does(who, format string, args ...any) {
	n.print("   %s %s", n.paint(cyan, fmt.Sprintf("%-20s", who)), fmt.Sprintf(format, args...))
}

// sees tells what was read back from somebody just now.
func (n *narrator) sees(who, format string, args ...any) {
	n.print("   %s %s %s", n.paint(cyan, fmt.Sprintf("%-20s", who)), n.paint(green, "✓"), fmt.Sprintf(format, args...))
}

// waits tells what waits for a person.
func (n *narrator) waits(who, format string, args ...any) {
	n.print("   %s %s %s", n.paint(cyan, fmt.Sprintf("%-20s", who)), n.paint(yellow, "⏸"), fmt.Sprintf(format, args...))
}

// remark explains.
func (n *narrator) remark(text string) { n.print("   %s", n.paint(dim, text)) }
