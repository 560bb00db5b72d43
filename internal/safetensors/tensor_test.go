package safetensors

import (
	"encoding/binary"
	"math"
	"os"
	"testing"
	"testing/fstest"
	"unsafe"

	"github.com/stretchr/testify/require"
	"github.com/x448/float16"

	"seccodeprm/internal/mapped"
)

func TestWidenEveryHalf(t *testing.T) {
	data := make([]byte, 0, 2<<16)
	for i := range 1 << 16 {
		data = binary.LittleEndian.AppendUint16(data, uint16(i))
	}
	half, err := New("h", F16, []int{1 << 16}, data).Widen()
	require.NoError(t, err)
	brain, err := New("b", BF16, []int{1 << 16}, data).Widen()
	require.NoError(t, err)
	for i := range 1 << 16 {
		want := float16.Frombits(uint16(i)).Float32()
		if math.IsNaN(float64(want)) {
			require.True(t, math.IsNaN(float64(half[i])))
		} else if math.Float32bits(want) != math.Float32bits(half[i]) {
			t.Fatalf("F16 %#04x: %v, want %v", i, half[i], want)
		}
		if math.Float32bits(brain[i]) != uint32(i)<<16 {
			t.Fatalf("BF16 %#04x: %v", i, brain[i])
		}
	}
}

func TestWidenFloat32(t *testing.T) {
	data := binary.LittleEndian.AppendUint32(nil, math.Float32bits(-1.5))
	w := New("w", F32, []int{1}, data)
	wide, err := w.Widen()
	require.NoError(t, err)
	require.Equal(t, []float32{-1.5}, wide)
	wide[0] = 2
	require.Equal(t, float32(-1.5), math.Float32frombits(binary.LittleEndian.Uint32(data)), "the slice is new")
	_, err = Tensor{Name: "q", DType: "I8", File: "f", data: []byte{1}}.Widen()
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, `f: tensor "q" has dtype I8`)
}

// Aligned tensors are views; others are copies with the same values.
func TestViews(t *testing.T) {
	buf := make([]uint64, 5)
	base := unsafe.Slice((*byte)(unsafe.Pointer(&buf[0])), 40)
	for i := range base {
		base[i] = byte(i * 7)
	}
	for at := range 8 {
		data := base[at : at+32]
		half := New("h", BF16, []int{16}, data)
		bits := half.Uint16s()
		require.Len(t, bits, 16)
		require.Equal(t, at%2 == 0, unsafe.Pointer(&bits[0]) == unsafe.Pointer(&data[0]))
		for i, b := range bits {
			require.Equal(t, binary.LittleEndian.Uint16(data[2*i:]), b)
		}
		full := New("f", F32, []int{8}, data)
		values := full.Float32s()
		require.Len(t, values, 8)
		require.Equal(t, at%4 == 0, unsafe.Pointer(&values[0]) == unsafe.Pointer(&data[0]))
		for i, v := range values {
			require.Equal(t, binary.LittleEndian.Uint32(data[4*i:]), math.Float32bits(v))
		}
		unsigned, signed := New("u", U32, []int{8}, data).Uint32s(), New("i", I32, []int{8}, data).Int32s()
		for i, v := range unsigned {
			require.Equal(t, binary.LittleEndian.Uint32(data[4*i:]), v)
			require.Equal(t, int32(v), signed[i])
		}
	}
	require.Empty(t, New("z", F16, []int{0}, nil).Uint16s())
	require.Empty(t, New("z", F32, []int{0}, []byte{}).Float32s())
	require.Panics(t, func() { New("w", F32, []int{1}, base[:4]).Uint16s() })
	require.Panics(t, func() { New("w", BF16, []int{2}, base[:4]).Float32s() })
	require.Panics(t, func() { New("w", F32, []int{1}, base[:4]).Uint32s() })
	require.Panics(t, func() { New("w", U32, []int{1}, base[:4]).Int32s() })
}

// The same file mapped and copied, with tensors at odd offsets.
func TestMisalignedFiles(t *testing.T) {
	dir := os.DirFS("testdata/files")
	for name, want := range map[string][]float32{"valid-misaligned-tensor": nil, "valid-odd-header": nil, "valid-order": nil} {
		data, err := os.ReadFile("testdata/files/" + name + ".safetensors")
		require.NoError(t, err)
		onDisk, err := OpenFile(dir, name+".safetensors")
		require.NoError(t, err)
		defer onDisk.Close()
		inMemory, err := OpenFile(fstest.MapFS{"f": {Data: data}}, "f")
		require.NoError(t, err)
		a, ok := onDisk.Tensor("b")
		require.True(t, ok)
		require.Equal(t, []int{2, 2}, a.Shape)
		require.Equal(t, name+".safetensors", a.File)
		b, _ := inMemory.Tensor("b")
		require.Equal(t, a.Bytes(), b.Bytes())
		require.Equal(t, a.Uint16s(), b.Uint16s())
		want, err = a.Widen()
		require.NoError(t, err)
		require.NotZero(t, want)
		for i, bits := range a.Uint16s() {
			require.Equal(t, uint32(bits)<<16, math.Float32bits(want[i]))
		}
		require.Len(t, onDisk.Mapped(), 1)
		require.NoError(t, mapped.Guard(func() error { return nil }, onDisk.Mapped()...))
	}
}
