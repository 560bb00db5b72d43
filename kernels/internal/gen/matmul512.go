package main

import "fmt"

// Tiles of AVX-512: rows x panels of C are in Z0 to Z23, the weights of up to 4
// panels in Z24 to Z27, broadcast inputs in Z28 to Z30 in turn, and a mask of
// halves of pairs in Z31. Broadcasting as part of the multiplication would cost
// a load for each panel.
const (
	tallRows   = 12
	fewRows    = 5
	weights512 = 24
	turn512    = 28
	mask512    = 31
)

// tile512 emits the loop for one height and width of a tile. Its strips are
// [K][rows].
type tile512 struct {
	*asm
	rows, panels int
	turn         int
}

func matmul512(a *asm) {
	tiles512(a, "tilesPairsAVX512", func(t *tile512) { t.pairsLoop(t.even, t.odd) })
	tiles512(a, "tilesOddAVX512", func(t *tile512) { t.pairsLoop(t.odd, t.even) })
	tiles512(a, "tilesWideAVX512", func(t *tile512) { t.wideLoop() })
}

func dot512(a *asm) {
	tiles512(a, "tilesDotAVX512", func(t *tile512) { t.dotLoop() })
}

// tiles512 emits a function that multiplies count strips by 4 or 2 panels,
// stride apart, with one loop for each shape of a tile. Tiles of 2 panels
// prefetch what next walks over. If chains start from C, values whose bits
// times 2, that is without the sign, are below tiny become +0.
func tiles512(a *asm, name string, loop func(t *tile512)) {
	a.block(name, "t", "tileArgs", "BX",
		arg{"a", "SI"}, arg{"c", "DI"}, arg{"depth", "R10"}, arg{"stride", "R13"},
		arg{"skip", "R11"}, arg{"ldc", "R8"}, arg{"count", "R9"}, arg{"rows", "AX"}, arg{"width", "DX"})
	half := "odd"
	if name == "tilesDotAVX512" {
		half = "even"
	}
	a.comment("Z0 to Z23: rows of c, a register for each panel; Z24 to Z27: weights; Z28 to Z30: inputs")
	a.comment("Z%d: ones in the %s half of each pair", mask512, half)
	a.op("VPTERNLOGD $255, Z%d, Z%d, Z%d", mask512, mask512, mask512)
	if name == "tilesDotAVX512" {
		a.op("VPSRLD $16, Z%d, Z%d", mask512, mask512)
	} else {
		a.op("VPSLLD $16, Z%d, Z%d", mask512, mask512)
	}
	a.comment("one loop for each height and width of a tile")
	a.op("CMPQ DX, $4")
	a.op("JEQ wide")
	a.op("MOVQ (tileArgs_next+walk_second)(BX), R12")
	a.op("MOVQ (tileArgs_next+walk_step)(BX), R15")
	for rows := tallRows; rows > 1; rows-- {
		a.op("CMPQ AX, $%d", rows)
		a.op("JEQ rows%dx2", rows)
	}
	for rows := 1; rows <= tallRows; rows++ {
		tile(a, &tile512{asm: a, rows: rows, panels: 2}, loop)
	}
	a.label("wide")
	a.op("LEAQ (R13)(R13*2), R12")
	for rows := fewRows; rows > 1; rows-- {
		a.op("CMPQ AX, $%d", rows)
		a.op("JEQ rows%dx4", rows)
	}
	for rows := 1; rows <= fewRows; rows++ {
		tile(a, &tile512{asm: a, rows: rows, panels: 4}, loop)
	}
}

func tile(a *asm, t *tile512, loop func(t *tile512)) {
	a.prefix = fmt.Sprintf("rows%dx%d", t.rows, t.panels)
	a.label("")
	t.comment("a tile, from c or from start")
	a.op("MOVQ tileArgs_start(BX), CX")
	a.op("TESTQ CX, CX")
	a.jump("JNZ", "from")
	a.op("MOVQ DI, AX")
	for r := range t.rows {
		for p := range t.panels {
			a.op("VMOVUPS %d(AX), Z%d", 64*p, r*t.panels+p)
		}
		if r < t.rows-1 {
			a.op("ADDQ R8, AX")
		}
	}
	t.comment("fetch the tile below")
	for range t.rows {
		a.op("ADDQ R8, AX")
		for p := range t.panels {
			a.op("PREFETCHT1 %d(AX)", 64*p)
		}
	}
	t.comment("values too small to start from become +0")
	a.op("MOVQ tileArgs_tiny(BX), AX")
	a.op("TESTQ AX, AX")
	a.jump("JZ", "multiply")
	a.op("VPBROADCASTD AX, Z%d", weights512)
	const notLess = 5
	for r := range t.rows * t.panels {
		double, k := turn512+r%3, 1+r%3
		a.op("VPADDD Z%d, Z%d, Z%d", r, r, double)
		a.op("VPCMPUD $%d, Z%d, Z%d, K%d", notLess, weights512, double, k)
		a.op("VMOVDQA32.Z Z%d, K%d, Z%d", r, k, r)
	}
	a.jump("JMP", "multiply")
	a.label("from")
	t.comment("fetch this tile, which is written in the end")
	a.op("MOVQ DI, AX")
	for r := range t.rows {
		for p := range t.panels {
			a.op("PREFETCHT1 %d(AX)", 64*p)
		}
		if r < t.rows-1 {
			a.op("ADDQ R8, AX")
		}
	}
	t.comment("every row starts from start")
	for p := range t.panels {
		a.op("VMOVUPS %d(CX), Z%d", 64*p, p)
		for r := 1; r < t.rows; r++ {
			a.op("VMOVAPS Z%d, Z%d", p, r*t.panels+p)
		}
	}
	a.label("multiply")
	a.op("MOVQ SI, AX")
	a.op("MOVQ tileArgs_b(BX), DX")
	if t.panels == 2 {
		a.op("MOVQ (tileArgs_next+walk_first)(BX), R14")
	}
	loop(t)
	t.comment("back to c, and on to the strip below")
	for r := range t.rows {
		for p := range t.panels {
			a.op("VMOVUPS Z%d, %d(DI)", r*t.panels+p, 64*p)
		}
		a.op("ADDQ R8, DI")
	}
	a.op("ADDQ R11, SI")
	a.op("DECQ R9")
	a.jump("JNZ", "")
	a.ret()
	if t.panels == 2 {
		a.label("turn")
		a.op("ADDQ (tileArgs_next+walk_turn)(BX), R14")
		a.jump("JMP", "straight")
	}
	a.prefix = ""
}

// comment describes the instructions that follow and names the tile.
func (t *tile512) comment(format string, args ...any) {
	t.asm.comment("rows %d, panels %d: %s", t.rows, t.panels, fmt.Sprintf(format, args...))
}

// panel returns the address of the weights of a panel.
func (t *tile512) panel(p int) string {
	return []string{"(DX)", "(DX)(R13*1)", "(DX)(R13*2)", "(DX)(R12*1)"}[p]
}

// next returns the register for the next broadcast.
func (t *tile512) next() int {
	t.turn = (t.turn + 1) % 3
	return turn512 + t.turn
}

// outer adds the outer product of the inputs of step k, counted from AX, and
// the weights.
func (t *tile512) outer(k int) {
	for r := range t.rows {
		x := t.next()
		t.op("VBROADCASTSS %d(AX), Z%d", 4*(k*t.rows+r), x)
		for p := range t.panels {
			t.op("VFMADD231PS Z%d, Z%d, Z%d", weights512+p, x, r*t.panels+p)
		}
	}
}

func (t *tile512) even() {
	t.comment("k even")
	for p := range t.panels {
		t.op("VPSLLD $16, %s, Z%d", t.panel(p), weights512+p)
	}
	t.outer(0)
}

func (t *tile512) odd() {
	t.comment("k odd")
	for p := range t.panels {
		t.op("VPANDD %s, Z%d, Z%d", t.panel(p), mask512, weights512+p)
	}
	t.outer(1)
}

// loop repeats body, which consumes the given bytes of input, depth >> shift
// times.
func (t *tile512) loop(shift, bytes int, body func()) {
	t.op("MOVQ R10, CX")
	if shift > 0 {
		t.op("SHRQ $%d, CX", shift)
		t.jump("JZ", "rest")
	}
	t.op("PCALIGN $32")
	t.label("loop")
	// Prefetches may run past the end, since they cannot fault.
	t.comment("fetch weights that are wanted next, and the strip below")
	if t.panels == 2 {
		t.op("TESTQ $15, CX")
		t.jump("JZ", "turn")
		t.label("straight")
		t.op("PREFETCHT1 (R14)")
		t.op("PREFETCHT1 (R14)(R12*1)")
		t.op("ADDQ R15, R14")
	}
	for at := 0; at < bytes; at += 64 {
		t.op("PREFETCHT1 %d(AX)(R11*1)", at)
	}
	body()
	t.op("ADDQ $%d, AX", bytes)
	t.op("ADDQ $64, DX")
	t.op("DECQ CX")
	t.jump("JNZ", "loop")
	t.label("rest")
}

func (t *tile512) pairsLoop(first, second func()) {
	t.loop(1, 8*t.rows, func() {
		first()
		second()
	})
	t.comment("the last k of an odd depth")
	t.op("TESTQ $1, R10")
	t.jump("JZ", "store")
	t.even()
	t.label("store")
}

func (t *tile512) wideLoop() {
	t.loop(0, 4*t.rows, func() {
		t.comment("one k")
		for p := range t.panels {
			t.op("VMOVUPS %s, Z%d", t.panel(p), weights512+p)
		}
		t.outer(0)
	})
}

func (t *tile512) dotLoop() {
	t.loop(1, 4*t.rows, func() {
		t.comment("a pair of k")
		for p := range t.panels {
			t.op("VMOVDQU32 %s, Z%d", t.panel(p), weights512+p)
		}
		for r := range t.rows {
			x := t.next()
			t.op("VPBROADCASTD %d(AX), Z%d", 4*r, x)
			for p := range t.panels {
				t.evex("VDPBF16PS", weights512+p, x, r*t.panels+p)
			}
		}
	})
	t.comment("the last pair of an odd depth: its odd elements become +0")
	t.op("TESTQ $1, R10")
	t.jump("JZ", "store")
	for p := range t.panels {
		t.op("VPANDD %s, Z%d, Z%d", t.panel(p), mask512, weights512+p)
	}
	for r := range t.rows {
		x := t.next()
		t.op("VPBROADCASTD %d(AX), Z%d", 4*r, x)
		t.op("VPANDD Z%d, Z%d, Z%d", mask512, x, x)
		for p := range t.panels {
			t.evex("VDPBF16PS", weights512+p, x, r*t.panels+p)
		}
	}
	t.label("store")
}
