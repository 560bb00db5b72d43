package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"seccodeprm/prm"
	"seccodeprm/prm/console"
	"seccodeprm/prm/search"
)

// live runs one search and shows it.
func live(ctx context.Context, o *options, model search.Scorer, generator search.Generator, in prm.Input, w io.Writer) error {
	strategy, err := o.newStrategy()
	if err != nil {
		return err
	}
	s, err := search.New(model, generator, in, strategy, &o.search)
	if err != nil {
		return err
	}
	v := view{w: w, color: console.Colored(w), tree: s.Result().Tree}
	var failed error
	for event, err := range s.Events(ctx) {
		if err == nil {
			v.round(event)
		} else if s.Result().Stop != search.OutOfTime { // a deadline is a budget here
			failed = err
		}
	}
	result := s.Result()
	v.end(result)
	if err := save(o, result.Tree); err != nil {
		return err
	}
	return failed // after showing and saving what was found
}

// A view shows a search while it runs.
type view struct {
	w     io.Writer
	color bool
	tree  *search.Tree
}

// marks show what became of a proposal.
var marks = map[search.State]string{search.Accepted: "→", search.Rejected: " ", search.Abandoned: "×", search.Duplicate: "="}

// round shows the proposals of a round.
func (v *view) round(e search.Event) {
	for _, id := range e.Proposed {
		n := &v.tree.Nodes[id]
		from, end := n.Keep, ""
		if slices.Contains(e.Finished, id) {
			end = "  end"
		}
		code := v.tree.Code(id)
		for i := n.Own; i < len(n.Steps); i++ {
			s := n.Steps[i]
			line := fmt.Sprintf("%s %4d<%-4d step %-3d %s r %+.3f  R %s  %s", marks[n.State], id, n.Parent, i+1, console.Glyph(s.Reward), s.Reward,
				console.Number("%+.3f", n.Reward), console.FirstLine(code[from:s.End]))
			if i == len(n.Steps)-1 {
				line += end
			}
			fmt.Fprintln(v.w, console.Paint(v.color, s.Reward, line))
			from = s.End
		}
		if n.Own == len(n.Steps) {
			fmt.Fprintf(v.w, "%s %4d<%-4d no step to score%s\n", marks[n.State], id, n.Parent, end)
		}
	}
	fmt.Fprintf(v.w, "       %d proposals, %d tokens\n", e.Candidates, e.Tokens)
}

// end shows the best code.
func (v *view) end(r *search.Result) {
	fmt.Fprintf(v.w, "ended: %s; %d finished\n", r.Stop, len(r.Ranked))
	if len(r.Ranked) == 0 {
		return
	}
	best := r.Ranked[0]
	n := &v.tree.Nodes[best.Node]
	fmt.Fprintf(v.w, "best: node %d, %s %s\n", best.Node, v.tree.Criterion, console.Number("%+.4f", best.Value))
	code, from := v.tree.Code(best.Node), 0
	for _, s := range n.Steps {
		v.code(s.Reward, code[from:s.End])
		from = s.End
	}
	v.code(math.NaN(), code[from:])
	if !bytes.HasSuffix(code, []byte("\n")) {
		fmt.Fprintln(v.w)
	}
}

// code shows a step in the colour of its reward.
func (v *view) code(reward float64, text []byte) {
	fmt.Fprint(v.w, console.Paint(v.color, reward, printable(text)))
}

// printable is console.Printable, but keeps line feeds and tabs.
func printable(text []byte) string {
	out := []rune(string(text))
	for i, r := range out {
		if r != '\n' && r != '\t' {
			out[i] = []rune(console.Printable(string(r)))[0]
		}
	}
	return string(out)
}

// save writes the tree to the files of -json and -svg.
func save(o *options, tree *search.Tree) error {
	if o.json != "" {
		data, err := json.Marshal(tree)
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.json, append(data, '\n'), 0o666); err != nil {
			return err
		}
	}
	if o.svg == "" {
		return nil
	}
	f, err := os.Create(o.svg)
	if err != nil {
		return err
	}
	if err := tree.WriteSVG(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
