// Package judge compares what package segment finds in a file with what a parser
// finds. The packages beside it hold the parsers, in two programs: the bindings
// of their grammars cannot be linked together.
package judge

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"seccodeprm/segment"
)

// Truth is what a parser says about a file.
type Truth struct {
	Funcs, Calls []Named
	Opaque       []Span // where the parser sees no calls: token trees of macros
	Forbidden    []bool // per byte: a cut right before it would be inside something
}

// Named is a function or a call and its place.
type Named struct {
	Name string
	At   int // of the body of a function, of the name of a call
}

// Span is the half-open byte range [Start, End).
type Span struct{ Start, End int }

// New returns the Truth of src before anything is found: it may be cut anywhere.
func New(src []byte) *Truth { return &Truth{Forbidden: make([]bool, len(src)+1)} }

// Paint marks the inside of [start, end).
func (t *Truth) Paint(start, end int, forbidden bool) {
	for i := start + 1; i < end && i < len(t.Forbidden); i++ {
		t.Forbidden[i] = forbidden
	}
}

// score counts what was found and what is there.
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

// add compares two lists. It prints what differs if asked.
func (s *score) add(what, file string, src []byte, found, there []Named) {
	left := map[Named]int{}
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

func report(how, what, file string, src []byte, n Named) {
	if os.Getenv("SEGMENT_VERBOSE") == "" || reports > 400 || !strings.Contains(what, os.Getenv("SEGMENT_VERBOSE")) {
		return
	}
	reports++
	line := 1 + strings.Count(string(src[:n.At]), "\n")
	start := strings.LastIndexByte(string(src[:n.At]), '\n') + 1
	end := n.At + strings.IndexByte(string(src[n.At:])+"\n", '\n')
	fmt.Printf("%s %s %q %s:%d: %s\n", how, what, n.Name, file, line, strings.TrimSpace(string(src[start:end])))
}

// Row sums up the files of a language.
type Row struct {
	Skipped, files, bytes int
	funcs, prefix, calls  score
	cuts, inside          int
}

// Compare adds a file.
func (r *Row) Compare(file string, src []byte, lang segment.Language, t *Truth) {
	r.files++
	r.bytes += len(src)
	funcs, calls := segment.Scan(src, lang)
	var fs, cs []Named
	for _, f := range funcs {
		fs = append(fs, Named{Squeeze(f.Name), f.BodyStart})
	}
	for _, c := range calls {
		hidden := false
		for _, o := range t.Opaque {
			hidden = hidden || o.Start <= c.Offset && c.Offset < o.End
		}
		if !hidden {
			cs = append(cs, Named{c.Name, c.Offset})
		}
	}
	r.funcs.add("func", file, src, fs, t.Funcs)
	r.calls.add("call", file, src, cs, t.Calls)

	end := len(src) * 6 / 10
	funcs, _ = segment.Scan(src[:end], lang)
	fs = nil
	for _, f := range funcs {
		if f.BodyStart < end { // otherwise its body is still to come
			fs = append(fs, Named{Squeeze(f.Name), f.BodyStart})
		}
	}
	var there []Named
	for _, f := range t.Funcs {
		if f.At < end {
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
			if t.Forbidden[s.Start] {
				r.inside++
				report("inside", "cut", file, src, Named{p.Preset, s.Start})
			}
		}
	}
}

// Squeeze removes white space: "operator ()" and "operator()" are one name.
func Squeeze(name string) string { return strings.Join(strings.Fields(name), "") }

// Check prints the row and fails the test where it is worse than promised.
func (r *Row) Check(t *testing.T, lang string, funcs, calls float64) {
	t.Logf("language=%s files=%d skipped=%d MB=%.1f", lang, r.files, r.Skipped, float64(r.bytes)/1e6)
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

// Corpus returns the files below SEGMENT_CORPUS with one of the extensions.
func Corpus(t *testing.T, ext ...string) []string {
	root := os.Getenv("SEGMENT_CORPUS")
	if root == "" {
		t.Skip("SEGMENT_CORPUS is not set")
	}
	return Files(t, root, ext...)
}

// Files returns the files below root with one of the extensions.
func Files(t *testing.T, root string, ext ...string) []string {
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
