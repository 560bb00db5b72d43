package main

// fmaPeak emits the loops that measure the peak of float32: 12 or 24
// independent chains, enough for two units with a latency of 4 or 5 cycles, or
// 6 for the dot product.
func fmaPeak(a *asm) {
	a.text("fmaAVX2", "(rounds int)", 8, arg{"rounds", "CX"})
	for i := range 14 {
		a.op("VXORPS Y%d, Y%d, Y%d", i, i, i)
	}
	a.op("PCALIGN $32")
	loop(a, 1, func() {
		for i := range 12 {
			a.op("VFMADD231PS Y12, Y13, Y%d", i)
		}
	})
	a.ret()
	for _, name := range []string{"fmaTall", "dotTall"} {
		a.text(name, "(rounds int)", 8, arg{"rounds", "CX"})
		for i := range 26 {
			a.op("VPXORD Z%d, Z%d, Z%d", i, i, i)
		}
		a.op("PCALIGN $32")
		loop(a, 1, func() {
			for i := range 24 {
				if name == "dotTall" {
					a.evex("VDPBF16PS", 24, 25, i)
				} else {
					a.op("VFMADD231PS Z24, Z25, Z%d", i)
				}
			}
		})
		a.ret()
	}
}
