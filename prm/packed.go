package prm

import (
	"context"
	"errors"
	"fmt"
	"io"

	"seccodeprm/internal/qwen2/cpu"
)

// WritePacked writes a file for Options.Packed: the weights of the layers in the
// order in which products in the model's precision read them, an adapter merged.
// It takes as much disk as PackWeights takes memory, and is made once:
//
//	f, err := os.Create("model.packed")
//	...
//	err = m.WritePacked(ctx, f) // then f.Close
//	...
//	m, err := prm.Open(fsys, &prm.Options{PackedFS: os.DirFS("."), Packed: "model.packed"})
//
// The same model, adapter and precision give the same bytes. After an error what
// was written is of no use, and Open refuses it. A model whose precision reads all
// weights as they are stored (F32 where they are not bfloat16) is ErrInput. Other
// errors wrap ErrModel or ErrClosed, or are those of ctx or w.
func (m *Model) WritePacked(ctx context.Context, w io.Writer) error {
	if err := m.enter(); err != nil {
		return err
	}
	defer m.leave()
	engine := cpu.New(m.weights, cpu.Options{Precision: m.precision, Threads: m.threads})
	err := engine.WritePacked(ctx, w)
	if errors.Is(err, cpu.ErrNothingToPack) {
		return fmt.Errorf("%w: %w", ErrInput, err)
	}
	return err
}
