package oracle

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"seccodeprm/segment"
	"seccodeprm/segment/oracle/judge"
)

//go:embed truth.py
var script string

// TestPython compares the Python standard library with CPython's ast and
// tokenize.
func TestPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip(err)
	}
	out, err := exec.Command(python, "-c", "import os;print(os.path.dirname(os.__file__))").Output()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range judge.Files(t, strings.TrimSpace(string(out)), ".py") {
		if !strings.Contains(f, "site-packages") {
			names = append(names, f)
		}
	}
	cmd := exec.Command(python, "-W", "ignore", "-c", script)
	cmd.Stdin = strings.NewReader(strings.Join(names, "\n"))
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var r judge.Row
	for d := json.NewDecoder(bufio.NewReader(pipe)); ; {
		var f struct {
			File         string
			Funcs, Calls [][3]any // name, line, column in bytes
			Statements   [][2]int // first line of what must not be cut, last line
		}
		if err := d.Decode(&f); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		src, err := os.ReadFile(f.File)
		if err != nil {
			t.Fatal(err)
		}
		if f.Funcs == nil || bytes.ContainsAny(src, "\f") || bytes.Contains(src, []byte("\r")) {
			r.Skipped++
			continue
		}
		lines := []int{0, 0}
		for i, c := range src {
			if c == '\n' {
				lines = append(lines, i+1)
			}
		}
		lines = append(lines, len(src))
		tr := judge.New(src)
		list := func(in [][3]any) (out []judge.Named) {
			for _, x := range in {
				out = append(out, judge.Named{Name: x[0].(string), At: lines[int(x[1].(float64))] + int(x[2].(float64))})
			}
			return out
		}
		tr.Funcs, tr.Calls = list(f.Funcs), list(f.Calls)
		for _, s := range f.Statements {
			for l := s[0] + 1; l <= s[1]; l++ {
				tr.Forbidden[lines[l]] = true
			}
		}
		r.Compare(f.File, src, segment.Python, tr)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	r.Check(t, "Python", 0.995, 0.99)
}
