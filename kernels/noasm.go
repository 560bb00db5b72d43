//go:build (!amd64 && !arm64) || purego

package kernels

// Without assembly every kernel is its Go twin; noasm_rows.go has the others.

const useAVX2, useAVX512, useDot, useNEON = false, false, false, false

func formOf(Precision) form { return six }

func (t *tiles) run() { t.generic() }

func packPairs(dst, w []uint16, ldw, cols, depth int, round bool) {
	packPairsGeneric(dst, w, ldw, cols, 0, depth, round)
}

func packF32(dst, w []float32, ldw, cols, depth int) { packF32Generic(dst, w, ldw, cols, 0, depth) }
