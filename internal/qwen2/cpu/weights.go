package cpu

import (
	"context"
	"sync"

	"seccodeprm/internal/par"
	"seccodeprm/internal/qwen2"
	"seccodeprm/kernels"
)

// layer is a decoder layer with its weights as products read them: as the
// checkpoint stores them or, depending on precision and Options, packed.
type layer struct {
	mu    sync.Mutex
	ready bool
	qwen2.Layer
}

// layer returns layer l and packs it on its first use, so that the first short
// text does not wait for the whole model.
func (e *Engine) layer(ctx context.Context, l int) (*layer, error) {
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
	w.Layer = e.model.Layers[l]
	for _, p := range qwen2.Projections {
		weight := &p.Of(&w.Layer).Weight
		if e.packed != nil && e.packed.bind(weight, packedName(l, p.Name), e.precision) {
			continue
		}
		if err := e.copyWeight(ctx, weight); err != nil {
			return nil, err
		}
	}
	w.ready = true
	return w, nil
}

// packPanels is how many panels of 16 outputs an index of the packing loop
// takes.
const packPanels = 4

// copyWeight gives w a packed copy, if the engine makes copies and w has a
// packed form.
func (e *Engine) copyWeight(ctx context.Context, w *kernels.Weight) error {
	if !e.packs {
		return nil
	}
	packed := w.NewPacked(e.precision)
	if packed == nil {
		return nil
	}
	panels := w.Panels()
	err := par.Run(ctx, e.threads, ceilDiv(panels, packPanels), par.Func(func(_, i int) {
		w.PackInto(packed, i*packPanels, min((i+1)*packPanels, panels))
	}))
	if err != nil {
		return err
	}
	e.model.Release(w) // the copy is read from now on
	w.Packed = packed
	return nil
}

// PackedBytes returns the memory that copies of weights take once all layers
// have been used. It is 0 if the engine reads the checkpoint's memory or
// Options.Packed.
func (e *Engine) PackedBytes() int64 {
	if e.packed != nil || !e.packs {
		return 0
	}
	var bytes int64
	for i := range e.model.Layers {
		for _, p := range qwen2.Projections {
			bytes += p.Of(&e.model.Layers[i]).Weight.PackedBytes(e.precision)
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
