package main

// fmaPeak emits the loop behind the benchmark of the peak: 12 independent
// chains, enough for two units of 4 or 5 cycles.
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
}
