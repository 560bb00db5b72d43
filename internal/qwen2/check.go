package qwen2

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"

	"seccodeprm/internal/par"
	"seccodeprm/internal/safetensors"
)

const (
	// chunkBytes is the unit of work and of the digest. It is part of the
	// definition of the digest: see treeDigest.
	chunkBytes = 4 << 20
	// blockBytes is how much is hashed and checked at once, while in the cache.
	blockBytes = 64 << 10
)

// inspect reads every byte of the tensors once, in parallel. It returns the
// SHA-256 of each chunk of each tensor, or an error that lists the tensors with
// a NaN or an infinity, and the index of the first one in each.
func inspect(ctx context.Context, threads int, all []safetensors.Tensor) ([][][sha256.Size]byte, error) {
	type chunk struct{ tensor, start int }
	var chunks []chunk
	sums := make([][][sha256.Size]byte, len(all))
	for i, t := range all {
		size := len(t.Bytes())
		for start := 0; start < size; start += chunkBytes {
			chunks = append(chunks, chunk{i, start})
		}
		sums[i] = make([][sha256.Size]byte, (size+chunkBytes-1)/chunkBytes)
	}
	bad := make([]int, len(chunks)) // element of the first bad value in the tensor, or -1
	err := par.Run(ctx, threads, len(chunks), par.Func(func(_, i int) {
		t := all[chunks[i].tensor]
		data, start := t.Bytes(), chunks[i].start
		end := min(start+chunkBytes, len(data))
		bad[i] = -1
		hash := sha256.New()
		for at := start; at < end; at += blockBytes {
			block := data[at:min(at+blockBytes, end)]
			hash.Write(block)
			if bad[i] < 0 {
				if n := firstNonFinite(t.DType, block); n >= 0 {
					bad[i] = at/elementSize(t.DType) + n
				}
			}
		}
		hash.Sum(sums[chunks[i].tensor][start/chunkBytes][:0])
	}))
	if err != nil {
		return nil, err
	}
	var problems []string
	last := -1
	for i, c := range chunks {
		if bad[i] >= 0 && c.tensor != last {
			last = c.tensor
			t := all[last]
			problems = append(problems, fmt.Sprintf("%s: %s: not a finite float32 at %v", show(t.File), show(t.Name), indexOf(bad[i], t.Shape)))
		}
	}
	return sums, refuse(problems)
}

// lanes describes the lanes of an IEEE type in a 64-bit word: the exponent bits
// of every lane, the lowest of them, and the bit above them (the sign).
type lanes struct{ exponents, lowest, carry uint64 }

var (
	lanesBF16 = lanes{0x7f80_7f80_7f80_7f80, 0x0080_0080_0080_0080, 0x8000_8000_8000_8000}
	lanesF16  = lanes{0x7c00_7c00_7c00_7c00, 0x0400_0400_0400_0400, 0x8000_8000_8000_8000}
	lanesF32  = lanes{0x7f80_0000_7f80_0000, 0x0080_0000_0080_0000, 0x8000_0000_8000_0000}
)

// firstNonFinite returns the index of the first element of b that is NaN or
// infinite or, in F64, beyond float32. It returns -1 if there is none.
func firstNonFinite(d safetensors.DType, b []byte) int {
	size := elementSize(d)
	switch d {
	case safetensors.BF16:
		if !lanesBF16.hit(b) {
			return -1
		}
	case safetensors.F16:
		if !lanesF16.hit(b) {
			return -1
		}
	case safetensors.F32:
		if !lanesF32.hit(b) {
			return -1
		}
	}
	for i := range len(b) / size {
		if !finite(d, b[i*size:]) {
			return i
		}
	}
	return -1
}

// finite reports whether the first element of b is finite.
func finite(d safetensors.DType, b []byte) bool {
	switch d {
	case safetensors.BF16:
		return binary.LittleEndian.Uint16(b)&0x7f80 != 0x7f80
	case safetensors.F16:
		return binary.LittleEndian.Uint16(b)&0x7c00 != 0x7c00
	case safetensors.F32:
		return binary.LittleEndian.Uint32(b)&0x7f800000 != 0x7f800000
	default:
		x := float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		return math.Float32bits(x)&0x7f800000 != 0x7f800000
	}
}

// elementSize returns the size of an element of a usable type, in bytes.
func elementSize(d safetensors.DType) int {
	switch d {
	case safetensors.F32:
		return 4
	case f64:
		return 8
	default:
		return 2
	}
}

// hit reports whether any lane of b has an exponent of all ones. Only then does
// adding the lowest exponent bit carry out of the exponent. No lane carries
// into the next, because the sign bit is masked off.
func (l lanes) hit(b []byte) bool {
	var sum uint64
	for len(b) >= 32 {
		x := b[:32:32]
		sum |= (binary.LittleEndian.Uint64(x) & l.exponents) + l.lowest
		sum |= (binary.LittleEndian.Uint64(x[8:]) & l.exponents) + l.lowest
		sum |= (binary.LittleEndian.Uint64(x[16:]) & l.exponents) + l.lowest
		sum |= (binary.LittleEndian.Uint64(x[24:]) & l.exponents) + l.lowest
		b = b[32:]
	}
	for len(b) > 0 {
		var word [8]byte
		n := copy(word[:], b)
		sum |= (binary.LittleEndian.Uint64(word[:]) & l.exponents) + l.lowest
		b = b[n:]
	}
	return sum&l.carry != 0
}

// indexOf turns an offset in elements into an index for each axis.
func indexOf(element int, shape []int) []int {
	index := make([]int, len(shape))
	for axis := len(shape) - 1; axis >= 0; axis-- {
		index[axis] = element % shape[axis]
		element /= shape[axis]
	}
	return index
}
