// Package oracle compares what package segment finds with what grammars and
// parsers that we did not write find: tree-sitter for C, C++, Java, JavaScript,
// TypeScript and Rust, go/parser for Go, CPython's ast and tokenize for Python.
// It is a module of its own because tree-sitter needs cgo.
//
//	SEGMENT_CORPUS=DIR go test -v ./...
//
// DIR holds unpacked sources, see README.md; the Go and Python standard
// libraries are taken from where they are installed.
package oracle

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"seccodeprm/segment"
)

// truth is what an oracle says of a file.
type truth struct {
	funcs, calls []named
	opaque       []span // where nothing is said of calls: token trees of macros
	forbidden    []bool // per byte: a cut right before it would be inside something
}

type named struct {
	name string
	at   int // of the body of a function, of the name of a call
}

type span struct{ start, end int }

// paint marks the inside of [start, end).
func (t *truth) paint(start, end int, forbidden bool) {
	for i := start + 1; i < end && i < len(t.forbidden); i++ {
		t.forbidden[i] = forbidden
	}
}

// score counts what is found and what is there.
type score struct{ found, there, both int }

func (s score) f1() float64 {
	if s.found+s.there == 0 {
		return 1
	}
	return 2 * float64(s.both) / float64(s.found+s.there)
}

func (s score) String() string {
	return fmt.Sprintf("F1=%.2f%% precision=%.2f%% recall=%.2f%% n=%d", 100*s.f1(),
		100*float64(s.both)/float64(max(1, s.found)), 100*float64(s.both)/float64(max(1, s.there)), s.there)
}

// add compares two lists; verbose prints what differs.
func (s *score) add(what, file string, src []byte, found, there []named) {
	left := map[named]int{}
	for _, n := range there {
		left[n]++
	}
	s.found += len(found)
	s.there += len(there)
	for _, n := range found {
		if left[n] > 0 {
			left[n]--
			s.both++
		} else {
			report("extra", what, file, src, n)
		}
	}
	for _, n := range there {
		if left[n] > 0 {
			left[n]--
			report("missed", what, file, src, n)
		}
	}
}

var reports int

func report(how, what, file string, src []byte, n named) {
	if os.Getenv("SEGMENT_VERBOSE") == "" || reports > 400 || !strings.Contains(what, os.Getenv("SEGMENT_VERBOSE")) {
		return
	}
	reports++
	line := 1 + strings.Count(string(src[:n.at]), "\n")
	start := strings.LastIndexByte(string(src[:n.at]), '\n') + 1
	end := n.at + strings.IndexByte(string(src[n.at:])+"\n", '\n')
	fmt.Printf("%s %s %q %s:%d: %s\n", how, what, n.name, file, line, strings.TrimSpace(string(src[start:end])))
}

type row struct {
	files, skipped, bytes int
	funcs, prefix, calls  score
	cuts, inside          int
}

func (r *row) compare(file string, src []byte, lang segment.Language, t *truth) {
	r.files++
	r.bytes += len(src)
	funcs, calls := segment.Scan(src, lang)
	var fs, cs []named
	for _, f := range funcs {
		fs = append(fs, named{squeeze(f.Name), f.BodyStart})
	}
	for _, c := range calls {
		hidden := false
		for _, o := range t.opaque {
			hidden = hidden || o.start <= c.Offset && c.Offset < o.end
		}
		if !hidden {
			cs = append(cs, named{c.Name, c.Offset})
		}
	}
	r.funcs.add("func", file, src, fs, t.funcs)
	r.calls.add("call", file, src, cs, t.calls)

	end := len(src) * 6 / 10
	funcs, _ = segment.Scan(src[:end], lang)
	fs = nil
	for _, f := range funcs {
		if f.BodyStart < end { // else its body is still to come
			fs = append(fs, named{squeeze(f.Name), f.BodyStart})
		}
	}
	var there []named
	for _, f := range t.funcs {
		if f.at < end {
			there = append(there, f)
		}
	}
	r.prefix.add("prefix", file, src, fs, there)

	for _, p := range []segment.Policy{{Preset: segment.Structure}, {Preset: segment.Lines}, {Preset: segment.Functions}} {
		steps, err := p.Steps(src, lang)
		if err != nil {
			panic(err)
		}
		for _, s := range steps[min(1, len(steps)):] {
			r.cuts++
			if t.forbidden[s.Start] {
				r.inside++
				report("inside", "cut", file, src, named{p.Preset, s.Start})
			}
		}
	}
}

// squeeze removes white space: "operator ()" and "operator()" are one name.
func squeeze(name string) string { return strings.Join(strings.Fields(name), "") }

// check prints the row and holds it to what is promised.
func (r *row) check(t *testing.T, lang string, funcs, calls float64) {
	t.Logf("language=%s files=%d skipped=%d MB=%.1f", lang, r.files, r.skipped, float64(r.bytes)/1e6)
	t.Logf("  functions %v", r.funcs)
	t.Logf("  60%% prefix %v", r.prefix)
	t.Logf("  calls     %v", r.calls)
	t.Logf("  cuts=%d inside=%d", r.cuts, r.inside)
	if r.files == 0 {
		t.Skip("no files")
	}
	if f := r.funcs.f1(); f < funcs {
		t.Errorf("functions: F1 %.4f < %.4f", f, funcs)
	}
	if f := r.prefix.f1(); f < r.funcs.f1()-0.003 {
		t.Errorf("functions of prefixes: F1 %.4f, of whole files %.4f", f, r.funcs.f1())
	}
	if f := r.calls.f1(); f < calls {
		t.Errorf("calls: F1 %.4f < %.4f", f, calls)
	}
	if r.inside > 0 {
		t.Errorf("%d of %d cuts are inside strings, comments or brackets", r.inside, r.cuts)
	}
}

// corpus returns the files below SEGMENT_CORPUS with one of the extensions.
func corpus(t *testing.T, ext ...string) []string {
	root := os.Getenv("SEGMENT_CORPUS")
	if root == "" {
		t.Skip("SEGMENT_CORPUS is not set")
	}
	return files(t, root, ext...)
}

func files(t *testing.T, root string, ext ...string) []string {
	var out []string
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		for _, e := range ext {
			if !d.IsDir() && filepath.Ext(path) == e && d.Type().IsRegular() && !strings.Contains(path, "/bad") && !strings.Contains(path, "/testdata/") {
				out = append(out, path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
