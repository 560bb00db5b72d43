package tokenizer

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
)

// The benchmarks take text from $SECCODEPRM_CORPUS, a folder with sources, and
// the tokenizer from $SECCODEPRM_TOKENIZER, a tokenizer.json. The defaults are
// short built-in texts and the tokenizer in testdata.
const (
	envCorpus    = "SECCODEPRM_CORPUS"
	envTokenizer = "SECCODEPRM_TOKENIZER"
)

var languages = []string{"c", "go", "py", "java", "rs", "js"}

const (
	benchBytes = 6e6  // of a language's files, in the order of their names
	pieceBytes = 8192 // at most, cut between characters
)

func benchTokenizer(b *testing.B) *Tokenizer {
	name := os.Getenv(envTokenizer)
	if name == "" {
		name = smallFile
	}
	return parseFile(b, name)
}

// benchPieces returns the text of a language in pieces, and its bytes.
func benchPieces(b *testing.B, lang string) (pieces [][]byte, total int) {
	text := corpusText(b, lang)
	total = len(text)
	for len(text) > 0 {
		n := min(pieceBytes, len(text))
		for n < len(text) && !utf8.RuneStart(text[n]) {
			n--
		}
		pieces = append(pieces, text[:n])
		text = text[n:]
	}
	return pieces, total
}

func corpusText(b testing.TB, lang string) []byte {
	root := os.Getenv(envCorpus)
	if root == "" {
		return []byte(strings.Repeat(sources[lang], 16))
	}
	var files []string
	require.NoError(b, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && filepath.Ext(path) == "."+lang {
			files = append(files, path)
		}
		return err
	}))
	sort.Strings(files)
	var text []byte
	for _, f := range files {
		if len(text) >= benchBytes {
			break
		}
		data, err := os.ReadFile(f)
		require.NoError(b, err)
		text = append(text, strings.ToValidUTF8(string(data), "")...)
	}
	if len(text) == 0 {
		b.Skipf("%s holds no .%s files", root, lang)
	}
	text = text[:min(len(text), benchBytes)]
	for !utf8.Valid(text[max(0, len(text)-utf8.UTFMax):]) && len(text) > 0 {
		text = text[:len(text)-1]
	}
	return text
}

// BenchmarkEncode measures one Encoder; MB/s of processor time is the figure.
// pass=first has a new Encoder for every pass over the text, pass=warm one that
// has seen it.
func BenchmarkEncode(b *testing.B) {
	tok := benchTokenizer(b)
	for _, lang := range languages {
		b.Run("lang="+lang, func(b *testing.B) {
			pieces, total := benchPieces(b, lang)
			ids := make([]int32, 0, 2*pieceBytes)
			pass := func(e *Encoder) {
				for _, p := range pieces {
					ids = e.AppendEncode(ids[:0], p)
				}
			}
			b.Run("pass=first", func(b *testing.B) {
				measure(b, total, func() { pass(tok.NewEncoder()) })
			})
			b.Run("pass=warm", func(b *testing.B) {
				e := tok.NewEncoder()
				pass(e)
				measure(b, total, func() { pass(e) })
			})
		})
	}
}

// measure runs pass, which handles n bytes, and reports MB/s of the processor
// time its thread took, which other programs disturb less than the wall clock.
func measure(b *testing.B, n int, pass func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.ReportAllocs()
	start := threadTime(b)
	best := 0.0
	for b.Loop() {
		pass()
		now := threadTime(b)
		best = max(best, float64(n)/1e6/(now-start).Seconds())
		start = now
	}
	b.ReportMetric(best, "MB/s-cpu")
}

// BenchmarkThreads measures Encoders side by side, each over the whole text;
// the figure is the sum of what each does in the processor time of its thread.
func BenchmarkThreads(b *testing.B) {
	tok := benchTokenizer(b)
	pieces, total := benchPieces(b, "go")
	for threads := 1; threads <= 2; threads++ {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			encoders := make([]*Encoder, threads)
			for i := range encoders {
				encoders[i] = tok.NewEncoder()
			}
			best := 0.0
			for b.Loop() {
				speeds := make([]float64, threads)
				var wg sync.WaitGroup
				for i, e := range encoders {
					wg.Go(func() {
						runtime.LockOSThread()
						defer runtime.UnlockOSThread()
						var ids []int32
						start := threadTime(b)
						for _, p := range pieces {
							ids = e.AppendEncode(ids[:0], p)
						}
						speeds[i] = float64(total) / 1e6 / (threadTime(b) - start).Seconds()
					})
				}
				wg.Wait()
				sum := 0.0
				for _, s := range speeds {
					sum += s
				}
				best = max(best, sum)
			}
			b.ReportMetric(best, "MB/s-cpu")
		})
	}
}

// BenchmarkWorst measures texts of one long pretoken, or of many equal bytes.
func BenchmarkWorst(b *testing.B) {
	tok := benchTokenizer(b)
	rng := rand.New(rand.NewPCG(31, 32))
	for _, n := range []int{1 << 19, 1 << 20} {
		letters := make([]byte, n)
		for i := range letters {
			letters[i] = byte('a' + rng.IntN(26))
		}
		for _, c := range []struct {
			name string
			text []byte
		}{
			{"letter", bytes.Repeat([]byte("a"), n)}, {"equals", bytes.Repeat([]byte("="), n)}, {"newlines", bytes.Repeat([]byte("\n"), n)},
			{"random", letters}, {"marks", bytes.Repeat([]byte("\u0301\u0323"), n/4)},
		} {
			b.Run(fmt.Sprintf("text=%s/bytes=%d", c.name, n), func(b *testing.B) {
				e := tok.NewEncoder()
				var ids []int32
				measure(b, n, func() { ids = e.AppendEncode(ids[:0], c.text) })
			})
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	tok := benchTokenizer(b)
	text := corpusText(b, "c")
	ids := tok.NewEncoder().AppendEncode(nil, text)
	text = tok.AppendDecode(nil, ids)
	measure(b, len(text), func() { text = tok.AppendDecode(text[:0], ids) })
}

// BenchmarkParse reads Qwen2.5's tokenizer.json, 151,643 tokens.
func BenchmarkParse(b *testing.B) {
	data := readAll(b, shared.Path(b, "fixtures", "tokenizers", "qwen2_5", "tokenizer.json.gz"))
	measure(b, len(data), func() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	})
}
