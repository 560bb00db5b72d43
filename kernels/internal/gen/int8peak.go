package main

// int8Peak emits the loops that measure the peak of int8 products: independent
// accumulators of one instruction, or of the three that AVX2 needs.
func int8Peak(a *asm) {
	chains := func(name string, count int, each func(acc int)) {
		a.text(name, "(rounds int)", 8, arg{"rounds", "CX"})
		a.op("VZEROALL")
		a.op("PCALIGN $32")
		loop(a, 1, func() {
			for acc := range count {
				each(acc)
			}
		})
		a.ret()
	}
	chains("bytesAVX512", 24, func(acc int) { a.op("VPDPBUSD Z30, Z31, Z%d", acc) })
	chains("bytesAVXVNNI", 12, func(acc int) { a.vexDot("VPDPBUSD", 14, 15, acc) })
	chains("bytesAVX2", 12, func(acc int) {
		a.op("VPMADDUBSW Y12, Y13, Y14")
		a.op("VPMADDWD Y12, Y14, Y14")
		a.op("VPADDD Y14, Y%d, Y%d", acc, acc)
	})
}
