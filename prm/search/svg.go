package search

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// The picture's measures, in pixels.
const (
	svgColumn = 56  // a step
	svgLeft   = 48  // of the axis
	svgTop    = 44  // under the title
	svgHeight = 240 // of rewards from 1 down to -1
	svgBottom = 56  // for steps and legend
)

// stateColor is the colour of each state, as the legend shows.
var stateColor = map[State]string{Accepted: "#2a9d4a", Rejected: "#9a9a9a", Abandoned: "#d03030", Duplicate: "#c9b458"}

// WriteSVG draws the tree: for each trajectory, a line through the rewards of
// its steps. Accepted nodes are green, rejected ones grey and dashed, abandoned
// ones red, and the best trajectory is thick. Pointing at a step shows its
// code. Equal trees give equal bytes. WriteSVG returns the error of w.
func (t *Tree) WriteSVG(w io.Writer) error {
	steps := 1
	for _, n := range t.Nodes {
		steps = max(steps, len(n.Steps))
	}
	p := svg{tree: t, width: svgLeft + (steps+1)*svgColumn}
	p.width = max(p.width, 520)
	p.frame(steps)
	// Of the nodes on the best trajectory, how much of their code it keeps.
	best := map[int]int{}
	path := t.path(t.Best)
	for i, id := range path {
		if best[id] = math.MaxInt; i+1 < len(path) {
			best[id] = t.Nodes[path[i+1]].Keep
		}
	}
	for id := 1; id < len(t.Nodes); id++ {
		if _, ok := best[id]; !ok {
			p.node(id, 0)
		}
	}
	for _, id := range path { // above the others
		p.node(id, best[id])
	}
	p.WriteString("</svg>\n")
	_, err := w.Write(p.Bytes())
	return err
}

type svg struct {
	bytes.Buffer
	tree  *Tree
	width int
}

func (p *svg) printf(format string, args ...any) { fmt.Fprintf(&p.Buffer, format, args...) }

// frame draws title, axes and legend.
func (p *svg) frame(steps int) {
	t := p.tree
	height := svgTop + svgHeight + svgBottom
	p.printf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %[1]d %d\" font-family=\"sans-serif\" font-size=\"11\">\n", p.width, height, height)
	p.printf("<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", p.width, height)
	p.printf("<text x=\"8\" y=\"16\" font-size=\"13\">%s</text>\n", escape(excerpt([]byte(t.Name), 60)))
	p.printf("<text x=\"8\" y=\"32\">%s; %s; %d proposals</text>\n", escape(t.Strategy), escape(t.Criterion), len(t.Nodes)-1)
	for _, r := range []float64{1, 0.5, 0, -0.5, -1} {
		p.printf("<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", svgLeft, svgY(r), p.width-8, svgY(r))
		p.printf("<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%+.1f</text>\n", svgLeft-6, svgY(r)+4, r)
	}
	for i := 1; i <= steps; i++ {
		p.printf("<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%d</text>\n", svgX(i), svgTop+svgHeight+18, i)
	}
	for i, s := range []State{Accepted, Rejected, Abandoned, Duplicate} {
		x, y := svgLeft+i*110, svgTop+svgHeight+40
		p.printf("<circle cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"%s\"/><text x=\"%d\" y=\"%d\">%s</text>\n", x, y-4, stateColor[s], x+8, y, s)
	}
}

// node draws the steps that a node added, starting from the step before. Steps
// within its first best bytes belong to the best trajectory.
func (p *svg) node(id, best int) {
	n := &p.tree.Nodes[id]
	for i := n.Own; i < len(n.Steps); i++ {
		style := fmt.Sprintf("stroke=\"%s\" stroke-width=\"1.2\"", stateColor[n.State])
		switch {
		case n.Steps[i].End <= best:
			style = fmt.Sprintf("stroke=\"%s\" stroke-width=\"3\"", stateColor[Accepted])
		case n.State != Accepted:
			style += " stroke-dasharray=\"4 3\""
		}
		x, y := svgX(i+1), svgY(n.Steps[i].Reward)
		p.printf("<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" %s/>\n", svgX(i), svgY(n.before(i)), x, y, style)
	}
	code := p.tree.Code(id)
	for i := n.Own; i < len(n.Steps); i++ {
		s, start := n.Steps[i], n.Keep
		if i > n.Own {
			start = n.Steps[i-1].End
		}
		text := ""
		if start <= s.End && s.End <= len(code) {
			text = excerpt(bytes.TrimSpace(code[start:s.End]), 400)
		}
		end := ""
		if n.End && i == len(n.Steps)-1 {
			end = " stroke=\"#000\"" // finished
		}
		p.printf("<circle cx=\"%d\" cy=\"%.1f\" r=\"4\" fill=\"%s\"%s><title>node %d, step %d: r = %+.3f, %s&#10;%s</title></circle>\n",
			svgX(i+1), svgY(s.Reward), stateColor[n.State], end, id, i+1, s.Reward, n.State, escape(text))
	}
}

func svgX(step int) int { return svgLeft + 8 + step*svgColumn }

func svgY(reward float64) float64 {
	return svgTop + svgHeight*(1-max(-1, min(1, reward)))/2
}

// escape makes text safe inside an element. Characters that XML cannot hold
// become U+FFFD.
func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}

// excerpt returns the first characters of text.
func excerpt(text []byte, most int) string {
	at := 0
	for i := 0; i < most && at < len(text); i++ {
		_, w := utf8.DecodeRune(text[at:])
		at += w
	}
	if at < len(text) {
		return string(text[:at]) + "…"
	}
	return string(text)
}
