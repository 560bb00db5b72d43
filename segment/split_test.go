package segment

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// sameState reports whether two values hold the same. Nil and empty slices are
// the same, and so are all functions.
func sameState(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return sameState(a.Elem(), b.Elem())
	case reflect.Struct:
		if a.Type().Comparable() {
			return a.Equal(b)
		}
		for i := range a.NumField() {
			if !sameState(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !sameState(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Func:
		return true
	}
	return a.Equal(b)
}

func requireSame(t testing.TB, a, b *Stream, what string, at int) {
	t.Helper()
	require.True(t, sameState(reflect.ValueOf(a), reflect.ValueOf(b)), "%s: at byte %d", what, at)
}

// checkSplits compares a stream with Policy.Steps at every byte i of src:
// appending src[:i] and then the rest must equal appending all. A stream's state
// determines what it will do, so comparing states takes linear time:
//
//   - a stream that gets src byte by byte is, at each byte, in the state of one
//     that got whole lines and then the start of this line in one piece;
//   - given the rest of the line in one piece, it is in the state of the one that
//     gets whole lines, and has settled the same steps;
//   - a stream that gets whole lines is, at some of them, in the state of one that
//     got all of them at once, and given all the rest at once it makes the steps
//     of Policy.Steps.
func checkSplits(t testing.TB, p Policy, lang Language, src []byte, what string, r *rand.Rand) {
	t.Helper()
	batch, err := p.Steps(src, lang)
	require.NoError(t, err)
	byBytes, byLines := p.stream(lang), p.stream(lang)
	var fromBytes, fromLines []Step
	for start := 0; start < len(src); {
		end := lineEnd(src, start)
		next := byLines.Clone()
		settled := next.Append(src[start:end])
		for i := start; i < end; i++ {
			partial := byLines.Clone()
			require.Empty(t, partial.Append(src[start:i]))
			requireSame(t, byBytes, partial, what, i)
			whole := byBytes.Clone()
			require.True(t, slices.Equal(settled, whole.Append(src[i:end])), "%s: at byte %d", what, i)
			requireSame(t, next, whole, what, i)
			fromBytes = append(fromBytes, byBytes.Append(src[i:i+1])...)
		}
		byLines, fromLines = next, append(fromLines, settled...)
		require.True(t, slices.Equal(fromLines, fromBytes), "%s: at byte %d", what, end)
		if r.IntN(1+bytes.Count(src, newline)) < 4 {
			checkSplit(t, p, lang, src, end, batch, what)
			prefix := p.stream(lang)
			prefix.Append(src[:end])
			requireSame(t, byLines, prefix, what, end)
		}
		start = end
	}
	require.True(t, slices.Equal(batch, append(fromBytes, byBytes.Rest()...)), what)
	require.True(t, slices.Equal(batch, append(fromLines, byLines.Rest()...)), what)
}

// checkSplit compares two pieces with the whole.
func checkSplit(t testing.TB, p Policy, lang Language, src []byte, at int, batch []Step, what string) {
	t.Helper()
	s := p.stream(lang)
	got := s.Append(src[:at])
	got = append(got, s.Append(src[at:])...)
	require.True(t, slices.Equal(batch, append(got, s.Rest()...)), "%s: %s: at byte %d", what, p.Name(), at)
}

// TestStreamSplits divides the sources of this package and of Go's package
// net/url at every byte, or with SEGMENT_CORPUS=DIR a thousand sources below DIR
// and in the Go standard library. It appends short ones as every pair of pieces.
func TestStreamSplits(t *testing.T) {
	type source struct {
		name string
		lang Language
		src  []byte
	}
	var sources []source
	add := func(names []string, most int) {
		every := max(1, len(names)/most)
		for i := 0; i < len(names) && i/every < most; i += every {
			src, err := os.ReadFile(names[i])
			require.NoError(t, err)
			sources = append(sources, source{names[i], LanguageOf(names[i]), src})
		}
	}
	std := filepath.Join(runtime.GOROOT(), "src")
	if root := os.Getenv("SEGMENT_CORPUS"); root != "" {
		add(sourceFiles(t, root), 850)
		add(sourceFiles(t, std), 1000-len(sources))
		require.Len(t, sources, 1000)
	} else {
		add(sourceFiles(t, "."), 10)
		add(sourceFiles(t, filepath.Join(std, "net", "url")), 2)
		for _, c := range samples {
			sources = append(sources, source{"sample", c.lang, []byte(c.src)})
		}
	}
	const short = 3000
	all := policies()
	r := rand.New(rand.NewPCG(5, 6))
	size, pairs := 0, 0
	for i, s := range sources {
		p := all[i%len(all)]
		checkSplits(t, p, s.lang, s.src, s.name, r)
		size += len(s.src)
		if len(s.src) > short {
			continue
		}
		batch, err := p.Steps(s.src, s.lang)
		require.NoError(t, err)
		for at := range s.src {
			checkSplit(t, p, s.lang, s.src, at, batch, s.name)
		}
		pairs++
	}
	t.Logf("files=%d bytes=%d, of these files=%d in every pair of pieces", len(sources), size, pairs)
}

// sourceFiles returns the sources below root that are not larger than 64 KB and
// have no line longer than 2 KB.
func sourceFiles(t testing.TB, root string) []string {
	const largest, longest = 64 << 10, 2 << 10
	var names []string
	require.NoError(t, filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || LanguageOf(path) == Unknown {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil || len(src) > largest {
			return err
		}
		for line := range bytes.Lines(src) {
			if len(line) > longest {
				return nil
			}
		}
		names = append(names, path)
		return nil
	}))
	return names
}
