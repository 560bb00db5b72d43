package cpu

import (
	"context"
	"sync"

	"seccodeprm/internal/par"
	"seccodeprm/internal/qwen2"
	"seccodeprm/kernels"
)

// layer is a decoder layer with its weights as products read them.
type layer struct {
	mu    sync.Mutex
	ready bool

	inputNorm, postAttentionNorm []float32 // (HiddenSize)

	q, k, v, o, gate, up, down linear
}

// linear is one projection. Its weight is the checkpoint's own memory and, depending
// on precision and Options, packed: in a copy or in a file of packed weights.
type linear struct {
	kernels.Weight
	bias []float32 // (N), nil where the layer has none
}

// projections of a layer, by their name in a checkpoint, in the order of the pass.
var projections = [...]struct {
	name string
	to   func(l *layer) *linear
	from func(l *qwen2.Layer) *qwen2.Linear
}{
	{"self_attn.q_proj", func(l *layer) *linear { return &l.q }, func(l *qwen2.Layer) *qwen2.Linear { return &l.QProj }},
	{"self_attn.k_proj", func(l *layer) *linear { return &l.k }, func(l *qwen2.Layer) *qwen2.Linear { return &l.KProj }},
	{"self_attn.v_proj", func(l *layer) *linear { return &l.v }, func(l *qwen2.Layer) *qwen2.Linear { return &l.VProj }},
	{"self_attn.o_proj", func(l *layer) *linear { return &l.o }, func(l *qwen2.Layer) *qwen2.Linear { return &l.OProj }},
	{"mlp.gate_proj", func(l *layer) *linear { return &l.gate }, func(l *qwen2.Layer) *qwen2.Linear { return &l.GateProj }},
	{"mlp.up_proj", func(l *layer) *linear { return &l.up }, func(l *qwen2.Layer) *qwen2.Linear { return &l.UpProj }},
	{"mlp.down_proj", func(l *layer) *linear { return &l.down }, func(l *qwen2.Layer) *qwen2.Linear { return &l.DownProj }},
}

// layerAt returns layer l, packed on its first use: a model that is opened for one
// short file does not wait for all of them.
func (e *Engine) layerAt(ctx context.Context, l int) (*layer, error) {
	w := &e.layers[l]
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ready {
		return w, nil
	}
	if e.packed != nil {
		if err := e.packed.check(ctx, e.threads, l); err != nil {
			return nil, err
		}
	}
	stored := &e.model.Layers[l]
	w.inputNorm, w.postAttentionNorm = stored.InputNorm, stored.PostAttentionNorm
	for _, x := range projections {
		to, from := x.to(w), x.from(stored)
		to.Weight, to.bias = from.Weight, from.Bias
		if e.packed != nil && e.packed.bind(to, packedName(l, x.name), e.precision) {
			continue
		}
		if err := e.copyWeight(ctx, to); err != nil {
			return nil, err
		}
	}
	w.ready = true
	return w, nil
}

// packPanels is how many panels of 16 outputs are packed as one unit of work.
const packPanels = 4

// copyWeight packs a copy of a projection's weight, where the engine makes one.
func (e *Engine) copyWeight(ctx context.Context, to *linear) error {
	if !e.packs && !e.precision.Integer() {
		return nil
	}
	packed := to.NewPacked(e.precision)
	if packed == nil {
		return nil
	}
	panels := to.Panels()
	err := par.Run(ctx, e.threads, ceilDiv(panels, packPanels), par.Func(func(_, i int) {
		to.PackInto(packed, i*packPanels, min((i+1)*packPanels, panels))
	}))
	if err != nil {
		return err
	}
	e.model.Release(&to.Weight) // the copy is read from now on
	to.Packed = packed
	return nil
}

// PackedBytes is the memory that the copies of weights take once all layers were
// used; 0 where the engine reads the checkpoint's own or Options.Packed.
func (e *Engine) PackedBytes() int64 {
	if e.packed != nil || !e.packs && !e.precision.Integer() {
		return 0
	}
	var bytes int64
	for i := range e.model.Layers {
		for _, p := range projections {
			bytes += p.from(&e.model.Layers[i]).Weight.PackedBytes(e.precision)
		}
	}
	return bytes
}

// scratch is one worker's memory for products.
type scratch struct {
	products kernels.Scratch
	x        matrix // norm of a strip
	gate, up matrix // some rows and columns
}
