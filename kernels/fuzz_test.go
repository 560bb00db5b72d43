package kernels

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// floatsOf reads n float32 from raw, repeating it.
func floatsOf(raw []byte, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		var b [4]byte
		for j := range b {
			if len(raw) > 0 {
				b[j] = raw[(4*i+j)%len(raw)]
			}
		}
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[:]))
	}
	return x
}

// FuzzMatMul compares all instruction sets with the chain, for any bits, shape
// and blocking.
func FuzzMatMul(f *testing.F) {
	f.Add(uint8(7), uint8(18), uint8(33), uint8(0), []byte("any bits will do"))
	f.Add(uint8(1), uint8(1), uint8(1), uint8(9), []byte{0, 0, 0x80, 0x7f})
	f.Fuzz(func(t *testing.T, m, n, k, how uint8, raw []byte) {
		r := rand.New(rand.NewPCG(uint64(how), 1))
		p := newProblem(t, r, 1+int(m%32), 1+int(n%64), int(k), storedForms[how%3], true)
		copy(p.x, floatsOf(raw, len(p.x)))
		copy(p.c, floatsOf(raw[len(raw)/2:], len(p.c)))
		if p.w.F32 != nil {
			copy(p.w.F32, floatsOf(raw[len(raw)/3:], len(p.w.F32)))
		}
		precision := floats[how/3%2]
		want := p.chain(precision)
		for _, isa := range isas() {
			useISA(t, isa)
			got := append([]float32(nil), p.c...)
			matMul(got, p.ldc, p.input(t, r, precision), p.w, nil, 0, p.n, new(Scratch), blocking{strips: 1 + int(how%3), depth: 2 + 2*int(how%20), panels: 4 + 4*int(how%2)})
			requireSameBits(t, want, got, isa)
		}
	})
}
