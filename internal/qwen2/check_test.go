package qwen2

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/safetensors"
)

// Every 16-bit pattern and the edges of the 32- and 64-bit types, amid ordinary
// data, at every place within a word.
func TestFirstNonFinite(t *testing.T) {
	f16Finite := func(bits uint32) bool { return bits>>10&31 != 31 }
	bf16Finite := func(bits uint32) bool {
		x := float64(math.Float32frombits(bits << 16))
		return !math.IsNaN(x) && !math.IsInf(x, 0)
	}
	for _, tc := range []struct {
		dtype  safetensors.DType
		finite func(bits uint32) bool
	}{{safetensors.F16, f16Finite}, {safetensors.BF16, bf16Finite}} {
		data := make([]byte, 2*23) // no whole number of words
		for i := range data {
			data[i] = 0x3f
		}
		for bits := range uint32(1 << 16) {
			at := int(bits % 23)
			binary.LittleEndian.PutUint16(data[2*at:], uint16(bits))
			want := at
			if tc.finite(bits) {
				want = -1
			}
			if got := firstNonFinite(tc.dtype, data); got != want {
				t.Fatalf("%s %#04x at %d: got %d", tc.dtype, bits, at, got)
			}
			binary.LittleEndian.PutUint16(data[2*at:], 0x3f3f)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 4*37)
	for range 20000 {
		first := -1
		for i := range 37 {
			bits := random.Uint32()
			if random.IntN(40) == 0 {
				bits |= 0x7f800000
			}
			binary.LittleEndian.PutUint32(data[4*i:], bits)
			x := float64(math.Float32frombits(bits))
			if first < 0 && (math.IsNaN(x) || math.IsInf(x, 0)) {
				first = i
			}
		}
		require.Equal(t, first, firstNonFinite(safetensors.F32, data))
	}
	for _, tc := range []struct {
		x  float64
		ok bool
	}{{0, true}, {-1, true}, {math.MaxFloat32, true}, {1e-300, true}, {1e39, false}, {math.Inf(-1), false}, {math.NaN(), false}} {
		data := make([]byte, 24)
		binary.LittleEndian.PutUint64(data[16:], math.Float64bits(tc.x))
		want := 2
		if tc.ok {
			want = -1
		}
		require.Equal(t, want, firstNonFinite(f64, data), "%v", tc.x)
	}
}

// A bad element is found and named wherever it is among chunks and threads.
func TestInspect(t *testing.T) {
	shape := []int{3, 5, 701_234} // three chunks and a part
	size := 3 * 5 * 701_234
	for _, at := range []int{0, chunkBytes/2 - 1, chunkBytes / 2, chunkBytes, size - 1} {
		data := make([]byte, 2*size)
		good := safetensors.New("good", safetensors.BF16, []int{4}, make([]byte, 8))
		bad := safetensors.New("bad", safetensors.BF16, shape, data)
		var first [][][32]byte
		for _, threads := range []int{1, 2, 5} {
			sums, err := inspect(t.Context(), threads, []safetensors.Tensor{good, bad})
			require.NoError(t, err)
			if first == nil {
				first = sums
			}
			require.Equal(t, first, sums)
		}
		require.Len(t, first[1], 6)
		binary.LittleEndian.PutUint16(data[2*at:], 0xff80)
		_, err := inspect(t.Context(), 2, []safetensors.Tensor{good, bad})
		require.ErrorIs(t, err, ErrModel)
		want := []int{at / (5 * 701_234), at / 701_234 % 5, at % 701_234}
		require.Equal(t, want, indexOf(at, shape))
		require.ErrorContains(t, err, "bad: not a finite float32 at "+fmt.Sprint(want))
	}
}

// The digest changes with every part it covers.
func TestTreeDigest(t *testing.T) {
	one := func(label, config, name string, dtype safetensors.DType, shape []int, data, adapter []byte) string {
		x := safetensors.New(name, dtype, shape, data)
		sums, err := inspect(t.Context(), 1, []safetensors.Tensor{x})
		require.NoError(t, err)
		return formatDigest(treeDigest(label, []byte(config), []safetensors.Tensor{x}, sums, adapter))
	}
	zeros, ones := make([]byte, 4), []byte{1, 0, 0, 0}
	all := map[string]bool{}
	digests := []string{
		one("l", "c", "n", safetensors.BF16, []int{2}, zeros, nil),
		one("m", "c", "n", safetensors.BF16, []int{2}, zeros, nil),
		one("l", "d", "n", safetensors.BF16, []int{2}, zeros, nil),
		one("l", "c", "o", safetensors.BF16, []int{2}, zeros, nil),
		one("l", "c", "n", safetensors.F16, []int{2}, zeros, nil),
		one("l", "c", "n", safetensors.BF16, []int{1, 2}, zeros, nil),
		one("l", "c", "n", safetensors.BF16, []int{2}, ones, nil),
		one("l", "c", "n", safetensors.BF16, []int{2}, zeros, zeros),
	}
	for _, d := range digests {
		require.Len(t, d, len("sha256:")+64)
		all[d] = true
	}
	require.Len(t, all, len(digests))
}

func BenchmarkFinite(b *testing.B) {
	data := make([]byte, blockBytes)
	b.SetBytes(blockBytes)
	for b.Loop() {
		if firstNonFinite(safetensors.BF16, data) >= 0 {
			b.Fatal("zeros are finite")
		}
	}
}

func BenchmarkInspect(b *testing.B) {
	x := []safetensors.Tensor{safetensors.New("x", safetensors.BF16, []int{1 << 26}, make([]byte, 1<<27))}
	b.SetBytes(1 << 27)
	for b.Loop() {
		if _, err := inspect(b.Context(), runtime.GOMAXPROCS(0), x); err != nil {
			b.Fatal(err)
		}
	}
}
