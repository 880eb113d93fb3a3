package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

const (
	chartWidth = 860
	chartLeft  = 300 // where bars begin
	chartScale = 150 // of ten times better
	barHeight  = 16
	barGap     = 6
	groupGap   = 14
	chartTop   = 84
)

const chartStyle = `
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.paper { fill: #ffffff } .title { font-weight: 600; font-size: 15px } .quiet { fill: #656d76 }
.sync-server { fill: #2f6fdb } .hocuspocus { fill: #b3661a } .one { stroke: #1f2328 } .goal { stroke: #cf222e; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .paper { fill: #0d1117 } .quiet { fill: #9198a1 }
.sync-server { fill: #6ea8fe } .hocuspocus { fill: #e5a158 } .one { stroke: #e6edf3 } .goal { stroke: #ff7b72 }
}`

// chart draws the ratios that have a goal as bars, on a logarithmic scale.
func (r *report) chart() []byte {
	var bars strings.Builder
	y := chartTop
	for _, l := range r.Lines {
		if len(goalOf(hubName, l.Key).against) == 0 {
			continue
		}
		fmt.Fprintf(&bars, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", chartLeft-70, y+13, html.EscapeString(l.Key))
		for _, p := range r.Peers {
			if ratio := l.ratio(hubName, p); ratio > 0 {
				bar(&bars, l, p, ratio, y)
				y += barHeight + barGap
			}
		}
		y += groupGap
	}
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img">
<title>How many times better the hub is</title>
<style>%[3]s</style>
<rect class="paper" width="%[1]d" height="%[2]d"/>
<text class="title" x="20" y="28">How many times better the hub is</text>
<text class="quiet" x="20" y="50">CPU seconds, milliseconds or bytes, whatever the goal names; logarithmic; red marks are goals; %[4]s, %[5]d cores</text>
%[6]s%[7]s</svg>
`, chartWidth, y+10, chartStyle, r.Started.Format("2 January 2006"), r.Cores, bars.String(), axis(y))
}

func bar(b *strings.Builder, l *line, peer string, ratio float64, y int) {
	from, to := chartAt(1), chartAt(ratio)
	fmt.Fprintf(b, "<rect class=\"%s\" x=\"%.0f\" y=\"%d\" width=\"%.0f\" height=\"%d\" rx=\"2\"/>\n",
		peer, min(from, to), y, max(1, math.Abs(to-from)), barHeight)
	label := max(from, to)
	if want := goalOf(hubName, l.Key).against[peer]; want > 0 {
		at := chartAt(want)
		fmt.Fprintf(b, "<line class=\"goal\" x1=\"%[1]g\" x2=\"%[1]g\" y1=\"%d\" y2=\"%d\"/>\n", math.Round(at), y-2, y+barHeight+2)
		label = max(label, at)
	}
	fmt.Fprintf(b, "<text x=\"%.0f\" y=\"%d\">%.1f× <tspan class=\"quiet\">%s</tspan></text>\n", label+8, y+13, ratio, peer)
}

func axis(bottom int) string {
	return fmt.Sprintf("<line class=\"one\" x1=\"%[1]g\" x2=\"%[1]g\" y1=\"%d\" y2=\"%d\"/>\n", chartAt(1), chartTop-8, bottom-groupGap)
}

// chartAt is where a ratio stands, between a fifth and a thousand.
func chartAt(ratio float64) float64 {
	return chartLeft + chartScale*math.Log10(min(1000, max(0.2, ratio)))
}
