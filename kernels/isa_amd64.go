//go:build !purego

package kernels

import (
	"math"
	"unsafe"

	"github.com/klauspost/cpuid/v2"

	"seccodeprm/internal/num"
)

// The instruction sets in use. Dispatchers read them; only tests write them.
// Each requires the ones it builds on.
var (
	useAVX2       = hasAVX2() && !disabled(isaAVX2)
	useAVXVNNI    = useAVX2 && hasAVXVNNI() && !disabled(isaAVXVNNI)
	useAVX512     = useAVX2 && hasAVX512() && !disabled(isaAVX512)
	useAVX512VNNI = useAVX512 && hasAVX512VNNI() && !disabled(isaAVX512VNNI)
	useAVX512BF16 = useAVX512 && hasAVX512BF16() && !disabled(isaAVX512BF16)
)

const useNEON = false

// hasAVX2 reports whether processor and operating system support AVX2, FMA and
// F16C. Hardly any processor has only some of them.
func hasAVX2() bool { return cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3, cpuid.F16C) }

func hasAVXVNNI() bool { return cpuid.CPU.Supports(cpuid.AVXVNNI) }

func hasAVX512() bool {
	return cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512DQ, cpuid.AVX512VL)
}

func hasAVX512VNNI() bool { return cpuid.CPU.Supports(cpuid.AVX512VNNI) }

// hasAVX512BF16 reports whether VDPBF16PS exists and rounds as precision BF16
// requires.
func hasAVX512BF16() bool { return cpuid.CPU.Supports(cpuid.AVX512BF16) && probe() == dotLanes{} }

// dotLanes holds, for each lane of the probe, the exclusive or of the bits that
// the instruction returned and those of the contract.
type dotLanes [4][2 * PanelColumns]uint32

// probe runs VDPBF16PS on numbers for which any other order or rounding gives
// other bits. Intel's manual is ambiguous about the order of the two additions;
// the order of AMD's processors is known from measurements.
func probe() (diff dotLanes) {
	for round := range diff {
		a, b, c := probeInputs(round)
		got := c
		tilesDotAVX512(&tileArgs{
			a: unsafe.Pointer(&a), b: unsafe.Pointer(&b), c: unsafe.Pointer(&got),
			depth: 2, skip: 4, stride: 4 * PanelColumns, ldc: 8 * PanelColumns, count: 1, rows: 1, width: 2,
		})
		for lane := range c {
			want := num.FMA(num.FromBF16(uint16(a>>16)), num.FromBF16(uint16(b[lane]>>16)), c[lane])
			want = num.FMA(num.FromBF16(uint16(a)), num.FromBF16(uint16(b[lane])), want)
			diff[round][lane] = math.Float32bits(got[lane]) ^ math.Float32bits(want)
		}
	}
	return diff
}

// probeInputs returns a pair, two panels of pairs, and starts. All have
// magnitudes near 1.
func probeInputs(round int) (a uint32, b [2 * PanelColumns]uint32, c [2 * PanelColumns]float32) {
	state := uint32(round + 1)
	next := func() uint32 { // Marsaglia, "Xorshift RNGs", 2003
		state ^= state << 13
		state ^= state >> 17
		state ^= state << 5
		return state
	}
	pair := func() uint32 { return 0x3f803f80 | next()&0x807f807f }
	for range 8 {
		next()
	}
	a = pair()
	for lane := range b {
		b[lane] = pair()
		c[lane] = float32(float32(int32(next())) * 0x1p-31)
	}
	return a, b, c
}
