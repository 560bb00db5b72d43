package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress keeps one line of a terminal up to date.
type progress struct {
	w     io.Writer // nil if not a terminal
	start time.Time
	last  time.Time
}

func newProgress(w io.Writer) *progress {
	p := &progress{start: time.Now()}
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.w = w
		}
	}
	return p
}

// show updates the line, at most ten times a second.
func (p *progress) show(line func() string) {
	now := time.Now()
	if p.w == nil || now.Sub(p.last) < 100*time.Millisecond {
		return
	}
	p.last = now
	fmt.Fprintf(p.w, "\r\x1b[K%s, %.0f s", line(), now.Sub(p.start).Seconds())
}

// wipe removes the line.
func (p *progress) wipe() {
	if p.w != nil && !p.last.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.last = time.Time{}
	}
}
