//go:build (!amd64 && !arm64) || purego

package kernels

func floatForm(Precision) form { return six }

func (t *tiles) run() { t.generic() }
