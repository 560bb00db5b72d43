package cpu

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"

	"seccodeprm/internal/qwen2"
	"seccodeprm/kernels"
)

// WritePacked writes a file for OpenPacked with the engine's model and
// precision, on which alone the bytes depend. It holds one matrix at a time in
// memory, and releases the mapped pages of the model. Errors wrap ErrPacked or
// qwen2.ErrModel, or are errors of w or ctx.
func (e *Engine) WritePacked(ctx context.Context, w io.Writer) error {
	layout, err := newPackedLayout(e.model, e.precision)
	if err != nil {
		return err
	}
	if err := writeAll(w, layout.header); err != nil {
		return err
	}
	out := &summing{w: w}
	copying := &Engine{model: e.model, precision: e.precision, packs: true, threads: e.threads}
	err = e.model.Guard(func() error {
		for i := range e.model.Layers {
			for _, p := range qwen2.Projections {
				if err := copying.writePacked(ctx, out, &p.Of(&e.model.Layers[i]).Weight); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return write(w, out.sums)
}

// writePacked writes one projection.
func (e *Engine) writePacked(ctx context.Context, w io.Writer, stored *kernels.Weight) error {
	weight := *stored
	if err := e.copyWeight(ctx, &weight); err != nil {
		return err
	}
	parts := weight.Packed
	if parts == nil { // it is read as it is stored
		return nil
	}
	if err := write(w, parts.Pairs); err != nil {
		return err
	}
	if err := write(w, parts.Quads); err != nil {
		return err
	}
	if err := write(w, parts.Scale); err != nil {
		return err
	}
	return write(w, parts.Offset)
}

// write writes numbers in little-endian order.
func write[T uint16 | uint32 | int32 | float32](w io.Writer, all []T) error {
	var buf []byte
	for len(all) > 0 {
		n := min(len(all), 1<<16)
		var err error
		if buf, err = binary.Append(buf[:0], binary.LittleEndian, all[:n]); err != nil {
			return err
		}
		if err = writeAll(w, buf); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// writeAll returns io.ErrShortWrite if w takes less without saying why.
func writeAll(w io.Writer, data []byte) error {
	_, err := bytes.NewReader(data).WriteTo(w)
	return err
}

// summing is a writer that computes the checksum of each packedBlock.
type summing struct {
	w    io.Writer
	n    int      // bytes so far
	sums []uint32 // of the blocks so far
}

func (s *summing) Write(data []byte) (int, error) {
	for rest := data; len(rest) > 0; {
		if s.n%packedBlock == 0 {
			s.sums = append(s.sums, 0)
		}
		piece := rest[:min(len(rest), packedBlock-s.n%packedBlock)]
		last := &s.sums[len(s.sums)-1]
		*last = crc32.Update(*last, packedTable(), piece)
		s.n += len(piece)
		rest = rest[len(piece):]
	}
	return s.w.Write(data)
}
