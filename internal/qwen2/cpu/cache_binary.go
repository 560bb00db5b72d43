package cpu

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"seccodeprm/internal/num"
	"seccodeprm/internal/qwen2"
)

// positionBytes returns the size of one position in binary form: (layers,
// heads), and for each of these a key and a value, (HeadDim) each.
func (f *format) positionBytes() int {
	return f.layers * f.heads * 2 * f.block.HeadDim * f.valueBytes()
}

// AppendBinary implements qwen2.Cache. It never fails.
func (c *cache) AppendBinary(dst []byte) ([]byte, error) {
	f := c.format
	dst = slices.Grow(dst, c.Len()*f.positionBytes())
	for pos := range c.Len() {
		p, slot := c.At(pos/blockKeys), pos%blockKeys
		for layer := range f.layers {
			for head := range f.heads {
				dst = f.appendHead(dst, p, layer, head, slot)
			}
		}
	}
	return dst, nil
}

// appendHead appends the key and the value of one head in a slot of p.
func (f *format) appendHead(dst []byte, p *page, layer, head, slot int) []byte {
	if f.bf16() {
		keys, values := blocks(f, p.pairs, layer, head)
		for i := range f.block.HeadDim {
			dst = binary.LittleEndian.AppendUint16(dst, keys[f.block.Key(slot, i)])
		}
		for i := range f.block.HeadDim {
			dst = binary.LittleEndian.AppendUint16(dst, values[f.block.Value(slot, i)])
		}
		return dst
	}
	keys, values := blocks(f, p.wide, layer, head)
	for i := range f.block.HeadDim {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(keys[f.block.Key(slot, i)]))
	}
	for i := range f.block.HeadDim {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(values[f.block.Value(slot, i)]))
	}
	return dst
}

// UnmarshalBinary implements qwen2.Cache.
func (c *cache) UnmarshalBinary(data []byte, n int) error {
	f := c.format
	if c.Len() != 0 {
		return fmt.Errorf("%w: the cache is not empty", qwen2.ErrModel)
	}
	if err := c.Fits(n); err != nil {
		return err
	}
	if want := n * f.positionBytes(); len(data) != want {
		return fmt.Errorf("%w: %d bytes of keys and values, want %d positions of %d bytes", qwen2.ErrModel, len(data), n, f.positionBytes())
	}
	if err := c.Reserve(n); err != nil {
		return err
	}
	c.Grow(n)
	key, value := make([]float32, f.block.HeadDim), make([]float32, f.block.HeadDim)
	at := 0
	for pos := range n {
		for layer := range f.layers {
			for head := range f.heads {
				for _, x := range [][]float32{key, value} {
					if i := f.read(x, data[at:]); i >= 0 {
						c.Release()
						return fmt.Errorf("%w: byte %d of keys and values: no pass stores this value, at position %d", qwen2.ErrModel, at+i*f.valueBytes(), pos)
					}
					at += len(x) * f.valueBytes()
				}
				c.put(layer, head, pos, key, value)
			}
		}
	}
	c.Advance(n)
	return nil
}

// read fills x from data. It returns the index of the first value that no pass
// stores, or -1 if there is none.
func (f *format) read(x []float32, data []byte) int {
	for i := range x {
		if f.bf16() {
			bits := binary.LittleEndian.Uint16(data[2*i:])
			x[i] = math.Float32frombits(uint32(bits) << 16)
			if num.OperandBF16(x[i]) != bits {
				return i
			}
		} else {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		if x[i]-x[i] != 0 { // NaN or infinite
			return i
		}
	}
	return -1
}
