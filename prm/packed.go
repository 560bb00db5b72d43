package prm

import (
	"context"
	"errors"
	"io"

	"seccodeprm/internal/qwen2/cpu"
)

// WritePacked writes a file for Options.Packed. It holds the weights of the
// layers, with an adapter merged, in the order in which matrix products of the
// model's precision read them. It takes as much disk as PackWeights takes
// memory. Write it once:
//
//	f, err := os.Create("bf16.packed")
//	if err != nil {
//		return err
//	}
//	err = errors.Join(m.WritePacked(ctx, f), f.Close())
//
// and map it in every process:
//
//	m, err := prm.Open(fsys, &prm.Options{Packed: "bf16.packed", PackedFS: os.DirFS(".")})
//
// The same model, adapter and precision give the same bytes. After an error,
// what was written is useless, and Open refuses it. WritePacked returns
// ErrInput if all weights are read as they are stored, which is so in F32
// unless they are bfloat16. Other errors wrap ErrModel or ErrClosed, or are
// errors of ctx or w.
func (m *Model) WritePacked(ctx context.Context, w io.Writer) error {
	if err := m.enter(); err != nil {
		return err
	}
	defer m.leave()
	engine := cpu.New(m.weights, cpu.Options{Precision: m.precision, Threads: m.threads})
	err := engine.WritePacked(ctx, w)
	if errors.Is(err, cpu.ErrNothingToPack) {
		return under(ErrInput, err)
	}
	return err
}
