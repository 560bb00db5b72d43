package cpu

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/qwen2/enginetest"
	"seccodeprm/internal/testmodel"
	"seccodeprm/kernels"
)

// factory makes engines whose calls take several chunks.
func factory(precision qwen2.Precision) enginetest.Factory {
	return func(_ testing.TB, m *qwen2.Model, maxCacheBytes int64) enginetest.Engine {
		return New(m, Options{Precision: precision, Threads: 2, Chunk: 24, MaxCacheBytes: maxCacheBytes})
	}
}

// TestEngine runs the suite for all engines.
func TestEngine(t *testing.T) {
	for _, precision := range qwen2.Precisions {
		t.Run(precision.String(), func(t *testing.T) { enginetest.Run(t, factory(precision)) })
	}
}

func FuzzCache(f *testing.F) {
	var factories []enginetest.Factory
	for _, precision := range qwen2.Precisions {
		factories = append(factories, factory(precision))
	}
	enginetest.Fuzz(f, factories...)
}

// TestCancelKeepsChunks: a cancelled call keeps the chunks that went through
// all layers.
func TestCancelKeepsChunks(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{}))
	ids := randomIDs(1, 100, m.Config.VocabSize)
	kept := map[int]bool{}
	for shown := 1; shown < 120; shown += 5 {
		ctx, cancel := context.WithCancel(t.Context())
		left := shown
		e := New(m, Options{Precision: qwen2.F32, Threads: 2, Chunk: 24, Trace: func(string, int, []float32, int, int) {
			if left--; left == 0 {
				cancel()
			}
		}})
		c := e.NewCache(100)
		if err := e.Prefill(ctx, []qwen2.Sequence{{Cache: c, IDs: ids}}); err == nil {
			require.Equal(t, 100, c.Len())
		} else {
			require.ErrorIs(t, err, context.Canceled)
			require.Zero(t, c.Len()%24)
		}
		kept[c.Len()] = true
		cancel()
	}
	require.Equal(t, map[int]bool{0: true, 24: true, 48: true, 72: true, 96: true, 100: true}, kept)
}

// TestStorage: new pages and cleared slots hold +0 everywhere, copies hold what
// the original does, whatever was in the memory before.
func TestStorage(t *testing.T) {
	for _, headDim := range []int{6, 8, 18, 80} {
		for _, products := range []kernels.Precision{kernels.F32, kernels.BF16} {
			s := &storage{format: newFormat(&qwen2.Config{NumHiddenLayers: 2, NumKeyValueHeads: 3, HeadDim: headDim}, products)}
			fill := func(p *page) *page {
				row := make([]float32, headDim)
				for i := range row {
					row[i] = -1 - float32(i)
				}
				for slot := range blockKeys {
					for layer := range s.layers {
						for head := range s.heads {
							s.set(p, layer, head, slot, row, row)
						}
					}
				}
				return p
			}
			requireZero := func(p *page) {
				require.Equal(t, s.size(), len(p.wide)+len(p.pairs))
				for _, x := range p.wide {
					require.Zero(t, x)
				}
				for _, x := range p.pairs {
					require.Zero(t, x)
				}
			}
			slots := func(p *page, from, to int) []byte {
				var data []byte
				for slot := from; slot < to; slot++ {
					for layer := range s.layers {
						for head := range s.heads {
							data = s.appendHead(data, p, layer, head, slot)
						}
					}
				}
				require.Len(t, data, (to-from)*s.positionBytes())
				return data
			}
			requireZero(s.New())
			for range 10 { // most of these come from the pool
				s.Free(fill(s.New()))
				p := s.New()
				requireZero(p)
				fill(p)
				require.NotContains(t, string(slots(p, 0, blockKeys)), "\x00\x00\x00\x00")
				other := fill(s.New())
				s.Clear(other, 3, blockKeys)
				s.Free(other)
				c := s.Copy(p)
				require.Equal(t, p, c)
				s.Clear(c, 17, 40)
				require.Equal(t, slots(p, 0, 17), slots(c, 0, 17))
				require.Equal(t, slots(p, 40, blockKeys), slots(c, 40, blockKeys))
				require.Equal(t, make([]byte, 23*s.positionBytes()), slots(c, 17, 40))
				require.NotEqual(t, p, c)
				s.Clear(c, 0, 17)
				s.Clear(c, 40, blockKeys)
				requireZero(c)
			}
		}
	}
}

// TestPageBytes: values are float32 in precision F32, otherwise bfloat16.
func TestPageBytes(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{}))
	wide := New(m, Options{Precision: qwen2.F32}).CacheBytes(1)
	for _, precision := range qwen2.Precisions[1:] {
		require.Equal(t, wide/2, New(m, Options{Precision: precision}).CacheBytes(1))
	}
}

// TestUnmarshalValues refuses values that no pass stores.
func TestUnmarshalValues(t *testing.T) {
	m := openModel(t, testmodel.New(testmodel.Shape{}))
	for _, precision := range []qwen2.Precision{qwen2.F32, qwen2.BF16} {
		e := New(m, Options{Precision: precision, Threads: 1})
		full := e.NewCache(150)
		require.NoError(t, e.Prefill(t.Context(), []qwen2.Sequence{{Cache: full, IDs: randomIDs(1, 150, m.Config.VocabSize)}}))
		data, err := full.AppendBinary(nil)
		require.NoError(t, err)
		c := e.NewCache(150)
		for what, bits := range map[string][]byte{
			"infinite": {0x80, 0x7f}, "NaN": {0xc1, 0x7f}, "below the smallest operand": {0x01, 0x00}, "minus zero": {0x00, 0x80},
		} {
			if precision == qwen2.F32 && !strings.Contains("infinite NaN", what) {
				continue // a float32 like any other
			}
			bad := slices.Clone(data)
			size := e.storage.valueBytes()
			copy(bad[20*size+size-2:], bits)
			err := c.UnmarshalBinary(bad, 150)
			require.ErrorIs(t, err, qwen2.ErrModel, what)
			require.ErrorContains(t, err, fmt.Sprintf("byte %d ", 20*size), what)
			require.Zero(t, c.Len())
		}
		require.NoError(t, c.UnmarshalBinary(data, 150))
	}
}
