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

	q, k, v, o, gate, up, down linear
}

// linear is one projection. Depending on precision and Options its weight is the
// checkpoint's own memory, that with packed panels beside it, or 8-bit; the latter
// two are copies or lie in a file of packed weights.
type linear struct {
	weight kernels.Matrix
	int8   *kernels.Int8Matrix // in precisions W8A16 and W8A8
	bias   []float32           // (N), nil where the layer has none
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
func (p *pass) layerAt(ctx context.Context, l int) (*layer, error) {
	w := &p.layers[l]
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ready {
		return w, nil
	}
	if p.packed != nil {
		if err := p.packed.check(ctx, p.threads, l); err != nil {
			return nil, err
		}
	}
	for _, x := range projections {
		to, from := x.to(w), x.from(&p.model.Layers[l])
		to.weight, to.bias = from.Weight, from.Bias
		if p.packed != nil && p.packed.bind(to, packedName(l, x.name), p.precision) {
			continue
		}
		if err := p.copyWeight(ctx, to); err != nil {
			return nil, err
		}
	}
	w.ready = true
	return w, nil
}

// packPanels is how many panels of 16 outputs are packed as one unit of work.
const packPanels = 4

// copyWeight packs or quantises a copy of a projection's weight, where the engine
// makes one.
func (e *Engine) copyWeight(ctx context.Context, to *linear) error {
	m := to.weight
	panels := ceilDiv(m.N, panelColumns)
	var pack func(first, last int)
	switch {
	case e.precision >= qwen2.W8A16:
		to.int8 = kernels.NewInt8Matrix(m.N, m.K)
		pack = func(first, last int) { to.int8.Quantize(&m, first, last) }
	case e.packs && m.PackedLen(e.products()) > 0:
		packed := make([]uint16, m.PackedLen(e.products()))
		pack = func(first, last int) { m.PackInto(packed, e.products(), first, last) }
		to.weight.Panels, to.weight.PackedFor = packed, e.products()
	default:
		return nil
	}
	err := par.Run(ctx, e.threads, ceilDiv(panels, packPanels), par.Func(func(_, i int) {
		pack(i*packPanels, min((i+1)*packPanels, panels))
	}))
	if err == nil {
		e.model.Release(&m) // the copy is read from now on
	}
	return err
}

// PackedBytes is the memory that the copies of weights take once all layers were
// used; 0 where the engine reads the checkpoint's own or Options.Packed.
func (e *Engine) PackedBytes() int64 {
	if e.packed != nil {
		return 0
	}
	var bytes int64
	for i := range e.model.Layers {
		for _, p := range projections {
			m := &p.from(&e.model.Layers[i]).Weight
			switch {
			case e.precision >= qwen2.W8A16:
				bytes += int64(m.N) * int64(m.K)
			case e.packs:
				bytes += 2 * int64(m.PackedLen(e.products()))
			}
		}
	}
	return bytes
}

// products is the precision of floating-point products, attention's included.
func (e *Engine) products() kernels.Precision { return products(e.precision) }

func products(p qwen2.Precision) kernels.Precision {
	if p == qwen2.F32 {
		return kernels.F32
	}
	return kernels.BF16
}

// input is the packed input of the products that follow.
type input struct {
	rows  kernels.Rows
	eight kernels.Int8Rows // in precisions W8A16 and W8A8

	precision qwen2.Precision
}

func (in *input) reset(m, k int, p qwen2.Precision) {
	in.precision = p
	switch p {
	case qwen2.W8A16:
		in.eight.Reset(m, k, kernels.W8A16)
	case qwen2.W8A8:
		in.eight.Reset(m, k, kernels.W8A8)
	case qwen2.BF16:
		in.rows.Reset(m, k, kernels.BF16)
	default:
		in.rows.Reset(m, k, kernels.F32)
	}
}

func (in *input) strips() int {
	if in.precision >= qwen2.W8A16 {
		return in.eight.Strips()
	}
	return in.rows.Strips()
}

func (in *input) strip(s int) (row, end int) {
	if in.precision >= qwen2.W8A16 {
		return in.eight.Strip(s)
	}
	return in.rows.Strip(s)
}

// pack packs a strip from its rows x, ldx apart.
func (in *input) pack(s int, x []float32, ldx int) {
	if in.precision >= qwen2.W8A16 {
		in.eight.PackStrip(s, x, ldx)
		return
	}
	in.rows.PackStrip(s, x, ldx)
}

// byColumns tells whether some columns can be packed without the others: a row of
// integers has one scale.
func (in *input) byColumns() bool { return in.precision < qwen2.W8A16 }

// part returns the strips from s0 to s1-1 as an input of their own.
func (in *input) part(s0, s1 int) input {
	if in.precision >= qwen2.W8A16 {
		return input{eight: in.eight.Part(s0, s1), precision: in.precision}
	}
	return input{rows: in.rows.Part(s0, s1), precision: in.precision}
}

// blockStrips is how many strips to take at a time through products that follow each
// other.
func (in *input) blockStrips() int {
	if in.precision >= qwen2.W8A16 {
		return int8BlockStrips
	}
	return in.rows.BlockStrips()
}

// int8BlockStrips is a compromise between reading weights again for each block and
// what fits into L2 beside them.
const int8BlockStrips = 16

// scratch is one worker's memory for products.
type scratch struct {
	rows     kernels.Scratch
	eight    kernels.Int8Scratch
	x        matrix // norm of a strip
	gate, up matrix // some rows and columns
}

// multiplyAdd adds the columns n0 to n1-1 of in·Wᵀ to c, whose first column is n0.
func (in *input) multiplyAdd(c []float32, ldc int, w *linear, n0, n1 int, s *scratch) {
	if in.precision >= qwen2.W8A16 {
		kernels.MatMulInt8(c, ldc, &in.eight, w.int8, n0, n1, &s.eight)
		return
	}
	kernels.MatMul(c, ldc, &in.rows, &w.weight, n0, n1, &s.rows)
}

// multiply puts the columns n0 to n1-1 of in·Wᵀ + bias, of the given number of rows,
// into c, whose first column is n0.
func (in *input) multiply(c []float32, ldc int, w *linear, n0, n1 int, s *scratch, rows int) {
	if in.precision < qwen2.W8A16 {
		kernels.MatMulBias(c, ldc, &in.rows, &w.weight, w.bias, n0, n1, &s.rows)
		return
	}
	for r := range rows {
		if to := c[r*ldc:][:n1-n0]; w.bias == nil {
			clear(to)
		} else {
			copy(to, w.bias[n0:])
		}
	}
	in.multiplyAdd(c, ldc, w, n0, n1, s)
}
