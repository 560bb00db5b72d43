package cpu

import (
	"seccodeprm/internal/par"
	"seccodeprm/kernels"
)

// Trace is shown the activations of a pass, for comparing them layer by layer
// with a reference: x is (rows, columns), with the rows of the chunk in order,
// and valid only during the call. Names are "embed" and "final_norm" (layer -1)
// and, in each layer, "input_norm", "k", "v", "q" (with bias, before RoPE),
// "attn_ctx", "post_norm", "gate", "up", "act" and "out". In the last layer all
// of them but "input_norm", "k" and "v" hold the reads alone.
type Trace func(name string, layer int, x []float32, rows, columns int)

// tracer shows activations to a Trace. It looks at each operation after it has
// run; the operations do not know of it. Some activations never exist as a
// matrix, because norms are packed as they are computed and gate and up are
// fused. The tracer computes these again, which gives the same bits.
type tracer struct {
	pass     *pass
	trace    Trace
	names    map[any]activation // by the weight that produces it
	gate, up matrix             // (rows, IntermediateSize)
}

// activation names what is shown.
type activation struct {
	name  string
	layer int
}

func newTracer(p *pass, trace Trace) *tracer {
	t := &tracer{pass: p, trace: trace, names: map[any]activation{}}
	for l := range p.engine.layers {
		w, norms := &p.engine.layers[l], &p.engine.model.Layers[l]
		for weight, name := range map[any]string{
			&norms.InputNorm[0]: "input_norm", &norms.PostAttentionNorm[0]: "post_norm",
			&w.QProj: "q", &w.KProj: "k", &w.VProj: "v", &w.GateProj: "gate", &w.UpProj: "up", &w.DownProj: "out",
		} {
			t.names[weight] = activation{name, l}
		}
	}
	return t
}

// around returns a runner that also shows what run computes.
func (t *tracer) around(run runner) runner {
	return func(of part, n int, op par.Body) error {
		if err := run(of, n, op); err != nil {
			return err
		}
		return t.after(op)
	}
}

// after shows what op computed.
func (t *tracer) after(op par.Body) error {
	switch op := op.(type) {
	case *embedOp:
		t.show(activation{"embed", -1}, op.h)
	case *normOp:
		// The last layer computes the norm of the reads a second time, for q.
		if a := t.names[&op.weight[0]]; a.name != "input_norm" || op.h.rows == len(t.pass.tokens.ids) {
			t.show(a, normed(op))
		}
	case *linearOp:
		for i, u := range op.units {
			if a, ok := t.names[u.w]; ok && (i == 0 || op.units[i-1].w != u.w) {
				t.show(a, u.to)
			}
		}
	case attendTiles:
		t.show(activation{"attn_ctx", op.layer}, op.q)
	case mergeSplits:
		t.show(activation{"attn_ctx", op.layer}, op.q)
	case *gatedOp:
		return t.gated(op)
	case *finalNormOp:
		var hidden []float32
		for _, s := range op.sequences {
			hidden = append(hidden, s.hidden...)
		}
		t.trace("final_norm", -1, hidden, op.h.rows, op.h.columns)
	}
	return nil
}

// gated shows gate and up, by running a linear operation that is traced itself,
// and act.
func (t *tracer) gated(op *gatedOp) error {
	layer := t.names[op.gate].layer
	t.pass.linear(op.x, product{&t.gate, op.gate}, product{&t.up, op.up})
	for r := range t.gate.rows {
		kernels.SiLUMul(t.gate.row(r), t.gate.row(r), t.up.row(r))
	}
	t.show(activation{"act", layer}, &t.gate)
	return t.pass.err
}

// normed is what op packed.
func normed(op *normOp) *matrix {
	x := new(matrix)
	x.shape(op.h.rows, op.h.columns)
	for r := range x.rows {
		kernels.RMSNorm(x.row(r), op.h.row(r), op.weight, op.eps)
	}
	return x
}

// show hands x to the trace as a dense matrix.
func (t *tracer) show(a activation, x *matrix) {
	dense := make([]float32, 0, x.rows*x.columns)
	for r := range x.rows {
		dense = append(dense, x.row(r)...)
	}
	t.trace(a.name, a.layer, dense, x.rows, x.columns)
}
