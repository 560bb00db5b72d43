//go:build !purego

package kernels

import "unsafe"

// Assembly processes whole registers, Go the remainder. Strides count bytes.

//go:noinline
func packPairs(dst, w []uint16, ldw, cols, depth int, round bool) {
	done := 0
	if n := depth &^ 7; useAVX2 && cols == PanelColumns && n > 0 {
		_, _ = dst[n*PanelColumns-1], w[(PanelColumns-1)*ldw+n-1]
		to, from := unsafe.Pointer(&dst[0]), unsafe.Pointer(&w[0])
		if round {
			done = 2 * transposeRound(to, from, 2*ldw, n/2)
		} else {
			done = 2 * transpose(to, from, 2*ldw, n/2)
		}
	}
	if done < depth {
		packPairsGeneric(dst, w, ldw, cols, done, depth, round)
	}
}

//go:noinline
func packF32(dst, w []float32, ldw, cols, depth int) {
	done := 0
	if n := depth &^ 3; useAVX2 && cols == PanelColumns && n > 0 {
		_, _ = dst[n*PanelColumns-1], w[(PanelColumns-1)*ldw+n-1]
		done = transpose(unsafe.Pointer(&dst[0]), unsafe.Pointer(&w[0]), 4*ldw, n)
	}
	if done < depth {
		packF32Generic(dst, w, ldw, cols, done, depth)
	}
}

// transpose turns 16 rows of dwords, stride bytes apart, into [n][16]. It
// returns how many of the n columns it has done.
func transpose(dst, src unsafe.Pointer, stride, n int) (done int) {
	if useAVX512 {
		if done = n &^ 15; done > 0 {
			transpose16AVX512(dst, src, stride, done)
		}
	}
	if rest := (n - done) &^ 3; rest > 0 {
		transpose16AVX2(unsafe.Add(dst, 4*PanelColumns*done), unsafe.Add(src, 4*done), stride, rest)
		done += rest
	}
	return done
}

// transpose16AVX2 turns 16 rows of n dwords, a multiple of 4, into [n][16].
//
//go:noescape
func transpose16AVX2(dst, src unsafe.Pointer, stride, n int)

//go:noescape
func transpose16AVX512(dst, src unsafe.Pointer, stride, n int)

// transposeRound is transpose for pairs of bfloat16. Tiny ones become +0.
func transposeRound(dst, src unsafe.Pointer, stride, n int) (done int) {
	if useAVX512 {
		if done = n &^ 15; done > 0 {
			transposeRound16AVX512(dst, src, stride, done)
		}
	}
	if rest := (n - done) &^ 3; rest > 0 {
		transposeRound16AVX2(unsafe.Add(dst, 4*PanelColumns*done), unsafe.Add(src, 4*done), stride, rest)
		done += rest
	}
	return done
}

// transposeRound16AVX2 does the same and replaces bfloat16 below 2^-50 by +0.
//
//go:noescape
func transposeRound16AVX2(dst, src unsafe.Pointer, stride, n int)

//go:noescape
func transposeRound16AVX512(dst, src unsafe.Pointer, stride, n int)

//go:noinline
func packF16(dst []float32, w []uint16, ldw, cols, depth int) {
	done := 0
	if n := depth &^ 7; useAVX2 && cols == PanelColumns && n > 0 {
		_, _ = dst[n*PanelColumns-1], w[(PanelColumns-1)*ldw+n-1]
		pairs := unsafe.Pointer(&dst[n/2*PanelColumns]) // read before they are overwritten
		transpose(pairs, unsafe.Pointer(&w[0]), 2*ldw, n/2)
		widenF16AVX2(unsafe.Pointer(&dst[0]), pairs, n/2)
		done = n
	}
	if done < depth {
		packF16Generic(dst, w, ldw, cols, done, depth)
	}
}

// widenF16AVX2 turns n rows of 16 pairs of binary16 into 2n rows of 16 floats.
// pairs may be the second half of dst.
//
//go:noescape
func widenF16AVX2(dst, pairs unsafe.Pointer, n int)

//go:noinline
func roundPairs(dst []uint16, wide []float32) {
	n := len(wide) / (2 * PanelColumns)
	if !useAVX2 {
		n = 0
	}
	if n > 0 {
		_ = dst[2*PanelColumns*n-1]
		roundPairsAVX2(unsafe.Pointer(&dst[0]), unsafe.Pointer(&wide[0]), n)
	}
	roundPairsGeneric(dst, wide, 2*n)
}

// roundPairsAVX2 turns 2n rows of 16 floats into n rows of 16 pairs of
// operands.
//
//go:noescape
func roundPairsAVX2(dst, wide unsafe.Pointer, n int)

//go:noinline
func packStrip(dst, x []float32, ldx, rows, k int) {
	done := 0
	for useAVX2 && k-done >= 4 {
		n := min(k-done, maxCall) &^ 3
		_, _ = dst[(done+n)*stripRows-1], x[(rows-1)*ldx+done+n-1]
		packStripAVX2(unsafe.Pointer(&dst[done*stripRows]), unsafe.Pointer(&x[done]), 4*ldx, rows, n)
		done += n
	}
	packSlots(dst, stripRows, x, ldx, rows, done, k)
}

// packStripAVX2 turns up to 6 rows of k floats, a multiple of 4, into [k][6].
//
//go:noescape
func packStripAVX2(dst, x unsafe.Pointer, ldx, rows, k int)

//go:noinline
func packTall(dst, x []float32, ldx, rows, k int) {
	done := 0
	if k >= 16 {
		pointers := rowPointers(x, ldx, rows)
		for k-done >= 16 {
			n := min(k-done, maxCall) &^ 15
			_, _ = dst[(done+n)*rows-1], x[(rows-1)*ldx+done+n-1]
			packTallAVX512(unsafe.Pointer(&dst[done*rows]), unsafe.Pointer(&pointers), 4*done, rows, n)
			done += n
		}
	}
	packSlots(dst, rows, x, ldx, rows, done, k)
}

// packTallAVX512 turns floats of up to 12 rows, from offset on, into [k][rows].
// k is a multiple of 16. All 12 pointers are valid.
//
//go:noescape
func packTallAVX512(dst, pointers unsafe.Pointer, offset, rows, k int)

//go:noinline
func packDot(dst []uint32, x []float32, ldx, rows, k int) {
	done := 0
	if k >= 32 {
		pointers := rowPointers(x, ldx, rows)
		for k-done >= 32 {
			n := min(k-done, maxCall) &^ 31
			_, _ = dst[(done+n)/2*rows-1], x[(rows-1)*ldx+done+n-1]
			packDotAVX512(unsafe.Pointer(&dst[done/2*rows]), unsafe.Pointer(&pointers), 4*done, rows, n)
			done += n
		}
	}
	packDotGeneric(dst, x, ldx, rows, done, k)
}

// packDotAVX512 turns them into pairs of rounded operands [k/2][rows]. k is a
// multiple of 32.
//
//go:noescape
func packDotAVX512(dst, pointers unsafe.Pointer, offset, rows, k int)

// rowPointers returns pointers to the first elements of rows. The last one
// repeats.
func rowPointers(x []float32, ldx, rows int) (p [tallRows]unsafe.Pointer) {
	for i := range p {
		p[i] = unsafe.Pointer(&x[min(i, rows-1)*ldx])
	}
	return p
}

//go:noinline
func roundBF16(x []float32) {
	for useAVX2 && len(x) >= 8 {
		n := min(len(x), maxCall) &^ 7
		roundBF16AVX2(unsafe.Pointer(&x[0]), n)
		x = x[n:]
	}
	roundBF16Generic(x)
}

// roundBF16AVX2 rounds n floats, a multiple of 8, in place.
//
//go:noescape
func roundBF16AVX2(x unsafe.Pointer, n int)

//go:noinline
func zeroTiny(c []float32, ldc, rows, n int) {
	done := 0
	if useAVX2 && n >= 8 && rows > 0 {
		done = n &^ 7
		step := max(1, maxCall/done)
		for row := 0; row < rows; row += step {
			some := min(step, rows-row)
			_ = c[(row+some-1)*ldc+done-1]
			zeroTinyAVX2(unsafe.Pointer(&c[row*ldc]), 4*ldc, some, done)
		}
	}
	if done < n {
		zeroTinyGeneric(c, ldc, rows, done, n)
	}
}

// zeroTinyAVX2 replaces values too small to start from by +0, in rows of n, a
// multiple of 8.
//
//go:noescape
func zeroTinyAVX2(c unsafe.Pointer, ldc, rows, n int)
