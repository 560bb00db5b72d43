//go:build (!amd64 && !arm64) || purego

package kernels

func (t *cross) run() { t.generic() }

func (b *softmaxBlock) run() { b.generic() }

func widenSwapped(dst []float32, pairs []uint16) { widenSwappedGeneric(dst, pairs) }

func addWeighted(dst, x []float32, a, b *[PanelColumns]float32) { addWeightedGeneric(dst, x, a, b) }

func divide(x []float32, y *[PanelColumns]float32) { divideGeneric(x, y) }
