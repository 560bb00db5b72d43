package prm_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/testmodel"
	"seccodeprm/prm"
	"seccodeprm/segment"
)

// openWide opens random weights in the shape of Qwen2.5-0.5B, with some of its
// 24 layers; about a token a byte.
func openWide(b *testing.B, opts prm.Options) *prm.Model {
	fsys := testmodel.New(testmodel.Shape{
		HiddenSize: 896, IntermediateSize: 4864, NumHiddenLayers: 4, NumAttentionHeads: 14, NumKeyValueHeads: 2, HeadDim: 64,
		Config: map[string]any{"max_position_embeddings": 8192},
	})
	fsys["seccodeprm.json"] = &fstest.MapFile{Data: []byte(`{"prompt":"Is it secure?\n"}`)}
	opts.Segment = segment.Policy{Preset: segment.Lines}
	m, err := prm.Open(fsys, &opts)
	require.NoError(b, err)
	b.Cleanup(func() { m.Close() })
	return m
}

// lines returns about n tokens of code.
func lines(n int) []byte {
	var src []byte
	for i := 0; len(src) < n; i++ {
		src = fmt.Appendf(src, "\tvalue_%d = read(%d);\n", i, i*i)
	}
	return src
}

// seconds times f.
func seconds(b *testing.B, f func() error) float64 {
	begin := time.Now()
	require.NoError(b, f())
	return time.Since(begin).Seconds()
}

// report prints the median time of a call and how many of the rival's it takes.
func report(b *testing.B, times, rival []float64) {
	slices.Sort(times)
	slices.Sort(rival)
	b.ReportMetric(times[len(times)/2]*1e3, "ms/step")
	b.ReportMetric(times[len(times)*99/100]*1e3, "p99-ms/step")
	b.ReportMetric(rival[len(rival)/2]/times[len(times)/2], "x-rescoring")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkAppend is a step of code after a prefix, against scoring the whole
// again.
func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct {
		name   string
		open   func(*testing.B) *prm.Model
		prefix []byte
	}{
		{"model=tiny/prefix=800", func(b *testing.B) *prm.Model {
			return openTiny(b, &prm.Options{Segment: segment.Policy{Preset: segment.Lines}})
		}, lines(1400)},
		{"model=wide/prefix=2048", func(b *testing.B) *prm.Model { return openWide(b, prm.Options{}) }, lines(2048)},
	} {
		b.Run(c.name, func(b *testing.B) {
			m := c.open(b)
			s, err := m.NewSession(prm.Input{Language: segment.C})
			require.NoError(b, err)
			defer s.Close()
			_, err = s.Append(b.Context(), c.prefix)
			require.NoError(b, err)
			at := s.Len()
			text := c.prefix
			line := func(i int) []byte { return fmt.Appendf(nil, "\tnext_%d = check(value);\n", i%1000) }
			var times, rival []float64
			for i := range 5 {
				rival = append(rival, seconds(b, func() error {
					_, err := m.Score(b.Context(), prm.Input{Language: segment.C, Text: append(slices.Clip(text), line(i)...)})
					return err
				}))
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				line := line(i)
				times = append(times, seconds(b, func() error { _, err := s.Append(b.Context(), line); return err }))
				if i%8 == 0 { // the prefix does not grow without bound
					require.NoError(b, s.Rewind(at))
				}
			}
			report(b, times, rival)
		})
	}
}

// BenchmarkRank ranks 16 candidates of 64 tokens after 2,048, against scoring the
// 16 texts.
func BenchmarkRank(b *testing.B) {
	m := openWide(b, prm.Options{})
	prefix := lines(2048)
	candidates := make([][]byte, 16)
	for i := range candidates {
		candidates[i] = fmt.Appendf(bytes.Repeat([]byte("\tf(x);\n"), 8), "%c = 7;\n", 'a'+i)
	}
	var times, rival []float64
	for b.Loop() {
		times = append(times, seconds(b, func() error {
			_, err := m.Rank(b.Context(), prm.Input{Language: segment.C, Text: prefix}, candidates)
			return err
		}))
		if len(rival) < 2 {
			rival = append(rival, seconds(b, func() error {
				for _, c := range candidates {
					if _, err := m.Score(b.Context(), prm.Input{Language: segment.C, Text: slices.Concat(prefix, c)}); err != nil {
						return err
					}
				}
				return nil
			}))
		}
	}
	report(b, times, rival)
}

// BenchmarkEdit changes a line in the last tenth of 4,000 tokens: in a session,
// and by scoring with kept prefixes.
func BenchmarkEdit(b *testing.B) {
	text := lines(4000)
	at := len(text) * 9 / 10
	edited := func(i int) []byte {
		return slices.Concat(text[:at], fmt.Appendf(nil, "\tedit(%d);\n", i), text[at:])
	}
	b.Run("by=session", func(b *testing.B) {
		m := openWide(b, prm.Options{})
		s, err := m.NewSession(prm.Input{Language: segment.C})
		require.NoError(b, err)
		defer s.Close()
		_, err = s.Append(b.Context(), text[:100]) // weights are packed on their first use
		require.NoError(b, err)
		require.NoError(b, s.Rewind(0))
		full := seconds(b, func() error { _, err := s.Append(b.Context(), text); return err })
		var times []float64
		for i := 0; b.Loop(); i++ {
			times = append(times, seconds(b, func() error {
				if err := s.Rewind(at); err != nil {
					return err
				}
				_, err := s.Append(b.Context(), edited(i)[at:])
				return err
			}))
		}
		report(b, times, []float64{full})
	})
	b.Run("by=score", func(b *testing.B) {
		m := openWide(b, prm.Options{PrefixCacheBytes: 64 << 20})
		score := func(text []byte) float64 {
			return seconds(b, func() error {
				_, err := m.Score(b.Context(), prm.Input{Language: segment.C, Text: text})
				return err
			})
		}
		score(text[:100])
		full := score(text)
		var times []float64
		for i := 0; b.Loop(); i++ {
			times = append(times, score(edited(i)))
		}
		report(b, times, []float64{full})
	})
}
