package safetensors

import (
	"encoding/binary"
	"fmt"
	"slices"
	"unsafe"

	"seccodeprm/internal/num"
)

// Tensor is one tensor of a file: a view, valid until the file is closed.
type Tensor struct {
	Name  string
	DType DType
	Shape []int  // empty for a scalar
	File  string // file that holds it; empty from New

	data []byte // row-major, little-endian
}

// New makes a tensor of data, row-major and little-endian, for [Write], which
// checks that shape, dtype and length agree. It keeps the slices.
func New(name string, dtype DType, shape []int, data []byte) Tensor {
	return Tensor{Name: name, DType: dtype, Shape: shape, data: data}
}

// Len returns the number of elements: the product of Shape, 1 for a scalar.
func (t Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Bytes returns the tensor as stored: row-major, little-endian. The bytes must
// not be written.
func (t Tensor) Bytes() []byte { return t.data }

// Uint16s returns the tensor as 16-bit patterns. It is a view, or a copy if the
// tensor is at an odd address. It panics if DType is neither BF16 nor F16.
func (t Tensor) Uint16s() []uint16 {
	if t.DType != BF16 && t.DType != F16 {
		panic(fmt.Sprintf("safetensors: Uint16s of tensor %q of dtype %s", t.Name, t.DType))
	}
	return view[uint16](t.data)
}

// Float32s returns the tensor as float32. It is a view, or a copy if the
// address is not a multiple of 4. It panics if DType is not F32.
func (t Tensor) Float32s() []float32 {
	if t.DType != F32 {
		panic(fmt.Sprintf("safetensors: Float32s of tensor %q of dtype %s", t.Name, t.DType))
	}
	return view[float32](t.data)
}

// Uint32s returns the tensor as 32-bit numbers. It is a view, or a copy if the
// address is not a multiple of 4. It panics if DType is not U32.
func (t Tensor) Uint32s() []uint32 {
	if t.DType != U32 {
		panic(fmt.Sprintf("safetensors: Uint32s of tensor %q of dtype %s", t.Name, t.DType))
	}
	return view[uint32](t.data)
}

// Int32s returns the tensor as signed 32-bit numbers, a view or a copy as in
// Uint32s. It panics if DType is not I32.
func (t Tensor) Int32s() []int32 {
	if t.DType != I32 {
		panic(fmt.Sprintf("safetensors: Int32s of tensor %q of dtype %s", t.Name, t.DType))
	}
	return view[int32](t.data)
}

// view returns data as numbers. It copies if they are unaligned or the machine
// is not little-endian.
func view[T uint16 | uint32 | int32 | float32](data []byte) []T {
	var one T
	width := unsafe.Sizeof(one)
	n := len(data) / int(width)
	if p := unsafe.SliceData(data); littleEndian() && uintptr(unsafe.Pointer(p))%width == 0 {
		return unsafe.Slice((*T)(unsafe.Pointer(p)), n)
	}
	out := make([]T, n)
	if _, err := binary.Decode(data, binary.LittleEndian, out); err != nil {
		panic(err) // the data has the bytes of n elements
	}
	return out
}

// littleEndian reports whether this machine is little-endian. The compiler
// turns it into a constant.
func littleEndian() bool { return binary.NativeEndian.Uint16([]byte{1, 0}) == 1 }

// Widen returns the elements in a new slice of float32. It represents every
// BF16, F16 and F32 value exactly. Other dtypes return ErrFormat.
func (t Tensor) Widen() ([]float32, error) {
	switch t.DType {
	case BF16:
		return widen(t.Uint16s(), num.FromBF16), nil
	case F16:
		return widen(t.Uint16s(), num.FromF16), nil
	case F32:
		return slices.Clone(t.Float32s()), nil
	}
	return nil, fmt.Errorf("%w: %s: tensor %q has dtype %s; BF16, F16 and F32 can be read", ErrFormat, t.File, t.Name, t.DType)
}

func widen(in []uint16, one func(uint16) float32) []float32 {
	out := make([]float32, len(in))
	for i, b := range in {
		out[i] = one(b)
	}
	return out
}
