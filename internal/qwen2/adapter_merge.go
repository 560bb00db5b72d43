package qwen2

import (
	"context"
	"fmt"
	"math"

	"seccodeprm/internal/par"
	"seccodeprm/kernels"
)

// mergeRows is the number of rows of W that one unit of work merges: a whole
// number of strips, and enough to pay for packing A once.
const mergeRows = 48

// merging is the state of merging one projection.
type merging struct {
	weight    *kernels.Weight // as stored by the base; replaced at the end
	a         kernels.Weight  // A transposed, (K, r)
	b         []float32       // (N, r)
	magnitude []float32       // (N), nil without DoRA
	scale     float32
	out       []float32 // (N, K)
	overflow  []bool    // per row
}

// mergeScratch belongs to one worker.
type mergeScratch struct {
	input   kernels.Input
	scratch kernels.Scratch
	delta   []float32 // (mergeRows, K)
	row     []float32 // (K)
}

// merge replaces each projection that the adapter updates by a float32 copy.
// Like PEFT, it multiplies B A, then scales, then adds to W, and rounds each
// step. The product is a kernel under the contract of arithmetic, so the bits
// of a merged model depend on neither the machine nor the threads.
func (a *adapter) merge(ctx context.Context, threads int, layers []Layer) error {
	scratch := make([]mergeScratch, threads)
	for i := range layers {
		for _, p := range Projections {
			module := layerName(i) + "." + p.Name
			d := a.deltas[module]
			if d == nil {
				continue
			}
			weight := &p.Of(&layers[i]).Weight
			m, err := newMerging(weight, d, a.config.scaleOf(module))
			if err != nil {
				return err
			}
			blocks := (weight.N + mergeRows - 1) / mergeRows
			err = par.Run(ctx, threads, blocks, par.Func(func(worker, block int) {
				first := block * mergeRows
				m.rows(first, min(mergeRows, weight.N-first), &scratch[worker])
			}))
			if err != nil {
				return err
			}
			for row, over := range m.overflow {
				if over {
					return fmt.Errorf("%w: %s: %s: row %d of the merged weight is not finite", ErrModel, show(d.b.File), show(d.b.Name), row)
				}
			}
			*weight = kernels.Weight{N: weight.N, K: weight.K, F32: m.out}
		}
	}
	return nil
}

// newMerging widens the update.
func newMerging(w *kernels.Weight, d *delta, scale float32) (*merging, error) {
	lowRank, err := widen(*d.a) // (r, K)
	if err != nil {
		return nil, err
	}
	r := d.a.Shape[0]
	m := &merging{weight: w, scale: scale, out: make([]float32, w.N*w.K), overflow: make([]bool, w.N)}
	m.a = kernels.Weight{N: w.K, K: r, F32: make([]float32, w.K*r)}
	for i := range r {
		for k := range w.K {
			m.a.F32[k*r+i] = lowRank[i*w.K+k]
		}
	}
	if m.b, err = widen(*d.b); err != nil {
		return nil, err
	}
	if d.magnitude != nil {
		m.magnitude, err = widen(*d.magnitude)
	}
	return m, err
}

// rows merges rows first..first+count-1.
func (m *merging) rows(first, count int, s *mergeScratch) {
	k, r := m.weight.K, m.a.K
	if cap(s.delta) < mergeRows*k {
		s.delta = make([]float32, mergeRows*k)
		s.row = make([]float32, k)
	}
	delta, row := s.delta[:count*k], s.row[:k]
	s.input.Reset(count, r, kernels.F32)
	s.input.Pack(m.b[first*r:(first+count)*r], r)
	kernels.MatMul(delta, k, &s.input, &m.a, nil, 0, k, &s.scratch)
	for i := range count {
		m.weight.Row(row, first+i)
		out := m.out[(first+i)*k : (first+i+1)*k]
		for j, w := range row {
			out[j] = w + float32(m.scale*delta[i*k+j])
		}
		if m.magnitude != nil {
			rescale(out, m.magnitude[first+i])
		}
		for _, x := range out {
			if math.Float32bits(x)&0x7f800000 == 0x7f800000 {
				m.overflow[first+i] = true
			}
		}
	}
}

// rescale scales the row to the Euclidean length magnitude (DoRA). The sum of
// squares is in float64, where a product of two float32 is exact.
func rescale(row []float32, magnitude float32) {
	var sum float64
	for _, x := range row {
		sum += float64(float64(x) * float64(x))
	}
	factor := float32(float64(magnitude) / math.Sqrt(sum))
	for i, x := range row {
		row[i] = float32(x * factor)
	}
}
