package prm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"seccodeprm/internal/qwen2"
	"seccodeprm/internal/qwen2/cpu"
)

// WritePacked writes a file for Options.Packed: the weights of the layers in the
// order in which products in the model's precision read them, an adapter merged.
// It takes as much disk as PackWeights takes memory, and is made once:
//
//	err := m.WritePacked(ctx, "model.packed")
//	...
//	m, err := prm.Open(fsys, &prm.Options{Packed: "model.packed"})
//
// The file appears at path when it is complete. A file that is there already is
// replaced if it holds packed weights, else it is ErrInput. So is a model whose
// precision reads all weights as they are stored: F32 where they are not bfloat16.
// Other errors wrap ErrModel, ErrClosed, or are the context's or the disk's.
func (m *Model) WritePacked(ctx context.Context, path string) error {
	if err := m.enter(); err != nil {
		return err
	}
	defer m.leave()
	dir, name := filepath.Split(path)
	if packed, err := cpu.IsPacked(os.DirFS(filepath.Clean(dir)), name); !errors.Is(err, fs.ErrNotExist) && !packed {
		return fmt.Errorf("%w: %s is there and does not hold packed weights: it is not replaced", ErrInput, path)
	}
	engine := cpu.New(m.weights, cpu.Options{Precision: m.precision, Threads: m.threads})
	err := create(path, func(w io.Writer) error { return engine.WritePacked(ctx, w) })
	if errors.Is(err, cpu.ErrNothingToPack) {
		return fmt.Errorf("%w: %w", ErrInput, err)
	}
	return err
}

// openPacked opens the file that Options.Packed names.
func openPacked(path string, weights *qwen2.Model, precision qwen2.Precision) (*cpu.Packed, error) {
	dir, name := filepath.Split(path)
	packed, err := cpu.OpenPacked(os.DirFS(filepath.Clean(dir)), name, weights, precision)
	if err != nil {
		return nil, fmt.Errorf("Options.Packed %s: %w", path, err)
	}
	return packed, nil
}

// create writes a file beside path and renames it when it is complete.
func create(path string, write func(w io.Writer) error) (err error) {
	temp := fmt.Sprintf("%s.%016x.tmp", path, rand.Uint64())
	file, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temp)
		}
	}()
	if err = write(file); err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(temp, path)
}
