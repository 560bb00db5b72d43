package cpu

import (
	"context"
	"fmt"
	"sync"

	"seccodeprm/internal/par"
	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/qwen2/paged"
	"seccodeprm/kernels"
)

// Options of an Engine. The zero value is the default.
type Options struct {
	// Precision of the arithmetic. Default: qwen2.BF16.
	Precision qwen2.Precision

	// Pack copies the weights of a layer, when it is first used, into the order
	// in which products read them. That is faster, above all for few tokens,
	// and takes another PackedBytes of memory. Default: products read the
	// checkpoint's memory and pack on the fly. The 8-bit precisions always
	// copy. It changes no result.
	Pack bool

	// Packed is a file of packed weights of the same model and precision, which
	// products read instead of copies. The engine closes it. Default: none.
	Packed *Packed

	// Threads is the number of threads that one Prefill may use. Default:
	// GOMAXPROCS.
	Threads int

	// Chunk is the number of tokens that pass through the layers together.
	// Default: 512. It changes no result.
	Chunk int

	// MaxCacheBytes bounds the memory of the pages of keys and values in use.
	// Default: no bound.
	MaxCacheBytes int64

	// Trace, if set, is called with each activation of a pass. It changes no
	// result.
	Trace Trace

	// Times, if set, sums up where Prefills spend their time. Only one Prefill
	// may then run at a time.
	Times *Times
}

// Engine implements qwen2.Engine for one model.
type Engine struct {
	model     *qwen2.Model
	precision qwen2.Precision
	packs     bool // copies weights into their packed form
	packed    *Packed
	layers    []layer
	threads   int
	chunk     int
	trace     Trace
	times     *Times
	passes    sync.Pool // of *pass, left by earlier Prefills
	storage   storage   // of pages
	pages     *paged.Pool[*page]
}

var _ qwen2.Engine = (*Engine)(nil)

// New returns an engine over the weights of model, which must stay open.
func New(model *qwen2.Model, opts Options) *Engine {
	e := &Engine{
		model: model, precision: opts.Precision,
		packs: opts.Pack || opts.Precision.Integer(), packed: opts.Packed, layers: make([]layer, len(model.Layers)),
		threads: par.Threads(opts.Threads), chunk: opts.Chunk, trace: opts.Trace, times: opts.Times,
	}
	if e.chunk <= 0 {
		e.chunk = 512
	}
	if e.packed != nil {
		e.releaseSource()
	}
	e.storage.format = newFormat(model.Config, e.precision)
	e.pages = paged.NewPool(&e.storage, e.storage.pageBytes(), opts.MaxCacheBytes)
	e.passes.New = func() any { return newPass(e) }
	return e
}

// Describe implements qwen2.Engine.
func (e *Engine) Describe() qwen2.Description {
	d := qwen2.Description{Precision: e.precision.String(), ISA: kernels.ISA(e.precision), Device: "cpu", Weights: "copy"}
	switch {
	case e.packed != nil:
		d.Weights = "sidecar"
	case e.PackedBytes() > 0:
		d.Weights = "pack"
	case e.model.Mapped():
		d.Weights = "map"
	}
	return d
}

// Batch implements qwen2.Engine: a few chunks, so that the last one, which is
// not full, hardly matters.
func (e *Engine) Batch() int { return 2048 }

// MaxCacheBytes implements qwen2.Engine.
func (e *Engine) MaxCacheBytes() int64 { return e.pages.MaxBytes() }

// Close implements qwen2.Engine.
func (e *Engine) Close() error {
	if e.packed != nil {
		return e.packed.Close()
	}
	return nil
}

// Reserve implements qwen2.Engine.
func (e *Engine) Reserve(sequences []qwen2.Sequence) error { return e.pages.Reserve(sequences) }

// Prefill implements qwen2.Engine.
func (e *Engine) Prefill(ctx context.Context, sequences []qwen2.Sequence) error {
	if err := e.check(sequences); err != nil {
		return err
	}
	if err := e.Reserve(sequences); err != nil {
		return err
	}
	e.pages.Grow(sequences)
	return e.guard(func() error {
		p := e.passes.Get().(*pass)
		defer e.passes.Put(p)
		p.begin(ctx)
		defer p.end()
		for i := range sequences {
			p.write(&sequences[i])
		}
		p.flush()
		return p.err
	})
}

// check returns an error for sequences that the pass cannot take.
func (e *Engine) check(sequences []qwen2.Sequence) error {
	cfg := e.model.Config
	for i, s := range sequences {
		for at, id := range s.IDs {
			if id < 0 || int(id) >= cfg.VocabSize {
				return fmt.Errorf("%w: sequence %d: id %d at position %d is outside vocab_size %d", qwen2.ErrModel, i, id, s.Cache.Len()+at, cfg.VocabSize)
			}
		}
		if len(s.Hidden) != len(s.Rows)*cfg.HiddenSize {
			return fmt.Errorf("%w: sequence %d: Hidden has %d values, want %d rows of %d", qwen2.ErrModel, i, len(s.Hidden), len(s.Rows), cfg.HiddenSize)
		}
		last := -1
		for _, r := range s.Rows {
			if r <= last || r >= len(s.IDs) {
				return fmt.Errorf("%w: sequence %d: Rows holds %d, want ascending numbers below %d", qwen2.ErrModel, i, r, len(s.IDs))
			}
			last = r
		}
	}
	return nil
}
