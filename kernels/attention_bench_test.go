package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"seccodeprm/internal/num"
)

// BenchmarkAttention runs tiles of 96 stacked queries, 7 query heads to a
// key/value head, over the keys before them, from packing to output. The tiles
// are spread evenly over the tokens. Multiplications and additions for keys
// that a query does not see do not count. The metric peak_frac is as in
// BenchmarkMatMul.
func BenchmarkAttention(b *testing.B) {
	for _, isa := range isas() {
		for _, precision := range []Precision{F32, BF16} {
			if isa == isaAVX512BF16 && precision == F32 {
				continue // that of avx512
			}
			for _, tokens := range []int{512, 8192} {
				for _, headDim := range []int{64, 128} {
					if isa == isaGeneric && (tokens > 512 || headDim > 64) {
						continue
					}
					name := fmt.Sprintf("isa=%s/precision=%v/tokens=%d/headdim=%d", isa, precision, tokens, headDim)
					b.Run(name, func(b *testing.B) { benchmarkAttention(b, isa, precision, tokens, headDim) })
				}
			}
		}
	}
}

func benchmarkAttention(b *testing.B, isa string, precision Precision, tokens, headDim int) {
	useISA(b, isa)
	const rows, group, segment = 96, 7, 16
	r := rand.New(rand.NewPCG(1, 1))
	x := randomFloats(r, rows*headDim)
	size := BlockKeys * headDim
	wide := randomFloats(r, (tokens+BlockKeys-1)/BlockKeys*size)
	pairs := make([]uint16, len(wide))
	for i, x := range wide {
		wide[i] *= 0.1
		pairs[i] = num.OperandBF16(0.1 * x)
	}
	var tiles [][]int // positions
	flops := 0.
	const sample = 16
	for i := range sample {
		first := i * (tokens*group - rows) / (sample - 1)
		position := make([]int, rows)
		for j := range position {
			position[j] = (first + j) / group
			flops += 4 * float64(headDim) * float64(position[j]+1)
		}
		tiles = append(tiles, position)
	}
	var q Queries
	var total, part Softmax
	out := make([]float32, rows*headDim)
	rate(b, isa, "GF/s", flops, func() {
		for _, position := range tiles {
			q.Pack(x, headDim, headDim, precision, position)
			total.Reset(rows, headDim)
			sums := &total
			for block := 0; block*BlockKeys <= position[rows-1]; block++ {
				if block > 0 && block%segment == 0 {
					if sums == &part {
						total.Merge(&part)
					}
					sums = &part
					part.Reset(rows, headDim)
				}
				if precision == BF16 {
					q.AttendPairs(sums, pairs[block*size:][:size], pairs[block*size:][:size], block*BlockKeys, 0)
				} else {
					q.Attend(sums, wide[block*size:][:size], wide[block*size:][:size], block*BlockKeys, 0)
				}
			}
			if sums == &part {
				total.Merge(&part)
			}
			total.Outputs(func(i int) []float32 { return out[i*headDim:][:headDim] })
		}
	})
}
