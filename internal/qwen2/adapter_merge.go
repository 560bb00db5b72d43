package qwen2

import (
	"context"
	"fmt"
	"math"
	"slices"

	"seccodeprm/internal/par"
	"seccodeprm/internal/safetensors"
	"seccodeprm/kernels"
)

// mergeRows is the number of rows of W that one unit of work merges: a whole
// number of strips, and enough to pay for packing A once.
const mergeRows = 48

// merging is the state of merging one matrix.
type merging struct {
	weight    *kernels.Weight // as stored by the base; replaced at the end
	a         kernels.Weight  // (K, r): A of a projection, transposed
	b         []float32       // (N, r): B of a projection
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

// merge replaces each matrix that the adapter updates by a float32 copy. Like
// PEFT, it multiplies B A, then scales, then adds to W, and rounds each step.
// The product is a kernel under the contract of arithmetic, so the bits of a
// merged model depend on neither the machine nor the threads.
func (a *adapter) merge(ctx context.Context, threads int, model *Model) error {
	scratch := make([]mergeScratch, threads)
	for i := range model.Layers {
		for _, p := range Projections {
			module := layerName(i) + "." + p.Name
			d := a.deltas[module]
			if d == nil {
				continue
			}
			if err := a.mergeProjection(ctx, threads, p.Of(&model.Layers[i]), module, d, scratch); err != nil {
				return err
			}
		}
	}
	if d := a.deltas[embedModule]; d != nil {
		return a.mergeEmbedding(ctx, threads, &model.EmbedTokens, d, scratch)
	}
	return nil
}

// mergeProjection merges one projection and its bias.
func (a *adapter) mergeProjection(ctx context.Context, threads int, l *Linear, module string, d *delta, scratch []mergeScratch) error {
	r := d.a.Shape[0]
	lowA, err := widen(*d.a) // (r, K)
	if err != nil {
		return err
	}
	lowB, err := widen(*d.b) // (N, r)
	if err != nil {
		return err
	}
	scale := a.config.scaleOf(module, r)
	m := newMerging(&l.Weight, transposed(lowA, r), lowB, scale)
	if d.magnitude != nil {
		if m.magnitude, err = widen(*d.magnitude); err != nil {
			return err
		}
	}
	if err := m.run(ctx, threads, scratch, d.b); err != nil || d.c == nil {
		return err
	}
	c, err := widen(*d.c)
	if err != nil {
		return err
	}
	for i, x := range c {
		l.Bias[i] += float32(scale * x)
		if !isFinite(l.Bias[i]) {
			return fmt.Errorf("%w: %s: %s: element %d of the merged bias is not finite", ErrModel, show(d.c.File), show(d.c.Name), i)
		}
	}
	return nil
}

// mergeEmbedding merges the embedding, W + scale (B A)^T: A is (r, VocabSize),
// B is (HiddenSize, r).
func (a *adapter) mergeEmbedding(ctx context.Context, threads int, w *kernels.Weight, d *delta, scratch []mergeScratch) error {
	r := d.a.Shape[0]
	lowA, err := widen(*d.a)
	if err != nil {
		return err
	}
	lowB, err := widen(*d.b)
	if err != nil {
		return err
	}
	m := newMerging(w, lowB, transposed(lowA, r), a.config.scaleOf(embedModule, r))
	return m.run(ctx, threads, scratch, d.a)
}

// newMerging prepares W + scale b a^T for a (K, r) and b (N, r).
func newMerging(w *kernels.Weight, a, b []float32, scale float32) *merging {
	return &merging{
		weight: w, a: kernels.Weight{N: w.K, K: len(a) / w.K, F32: a}, b: b, scale: scale,
		out: make([]float32, w.N*w.K), overflow: make([]bool, w.N),
	}
}

// transposed returns the transpose of a matrix of r rows.
func transposed(in []float32, r int) []float32 {
	k := len(in) / r
	out := make([]float32, len(in))
	for i := range r {
		for j := range k {
			out[j*r+i] = in[i*k+j]
		}
	}
	return out
}

// run merges all rows and replaces the weight. Errors name the tensor.
func (m *merging) run(ctx context.Context, threads int, scratch []mergeScratch, tensor *safetensors.Tensor) error {
	w := m.weight
	blocks := (w.N + mergeRows - 1) / mergeRows
	err := par.Run(ctx, threads, blocks, par.Func(func(worker, block int) {
		first := block * mergeRows
		m.rows(first, min(mergeRows, w.N-first), &scratch[worker])
	}))
	if err != nil {
		return err
	}
	if row := slices.Index(m.overflow, true); row >= 0 {
		return fmt.Errorf("%w: %s: %s: row %d of the merged weight is not finite", ErrModel, show(tensor.File), show(tensor.Name), row)
	}
	*w = kernels.Weight{N: w.N, K: w.K, F32: m.out}
	return nil
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
			if !isFinite(x) {
				m.overflow[first+i] = true
			}
		}
	}
}

func isFinite(x float32) bool { return math.Float32bits(x)&0x7f800000 != 0x7f800000 }

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
