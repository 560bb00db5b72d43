package oracle

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"seccodeprm/segment"
	"seccodeprm/segment/oracle/judge"
)

// A thousand files, byte by byte: a stream settles the steps of the whole source,
// and at some bytes the settled steps and the rest are the steps of the prefix.
func TestStream(t *testing.T) {
	names := judge.Files(t, filepath.Join(runtime.GOROOT(), "src"), ".go", ".c", ".s", ".py", ".js")
	if root := os.Getenv("SEGMENT_CORPUS"); root != "" {
		names = append(names, judge.Files(t, root, ".c", ".cc", ".java", ".js", ".rs", ".py")...)
	}
	every := max(1, len(names)/1000)
	n := 0
	for i := 0; i < len(names) && n < 1000; i += every {
		src, err := os.ReadFile(names[i])
		if err != nil {
			t.Fatal(err)
		}
		n++
		lang := segment.LanguageOf(names[i])
		p := segment.Policy{Preset: []string{segment.Structure, segment.Lines, segment.Functions, segment.Paper, segment.BlankLines}[n%5], CommentsNoOp: n%2 == 0}
		s, err := segment.NewStream(p, lang)
		if err != nil {
			t.Fatal(err)
		}
		var settled []segment.Step
		for j := range src {
			settled = append(settled, s.Append(src[j:j+1])...)
			if (j*7919+i)%(len(src)/8+1) == 0 {
				want, _ := p.Steps(src[:j+1], lang)
				if !slices.Equal(want, append(slices.Clip(settled), s.Rest()...)) {
					t.Fatalf("%s, %s: the first %d bytes", names[i], p.Name(), j+1)
				}
			}
		}
		want, _ := p.Steps(src, lang)
		if !slices.Equal(want, append(settled, s.Rest()...)) {
			t.Fatalf("%s, %s", names[i], p.Name())
		}
	}
	t.Logf("files=%d", n)
}
