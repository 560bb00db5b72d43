package kernels

// blocking bounds the part of a product that is computed at a time. It
// determines what stays in which cache, never the result.
type blocking struct {
	strips int // strips of input per block: depth columns of them fit into L2
	depth  int // columns of K per block, a multiple of 8
	panels int // panels of weights packed per block, a multiple of 4
}

// blocking splits K evenly. In form six a strip and a panel fit into L1. Tiles
// of AVX-512 are so large that L2 can feed them. Their blocks are as deep as L2
// allows, about 0.5 MB of input and 0.3 MB of panels, because C is loaded and
// stored once a block.
func (in *Input) blocking() blocking {
	switch in.form {
	case tall:
		return blocking{strips: 8, depth: splitDepth(in.k, 1280, 32), panels: 8}
	case quad8, quad16: // a tile covers all of K
		return blocking{strips: 16}
	case dot:
		return blocking{strips: 16, depth: splitDepth(in.k, 1280, 32), panels: 8}
	}
	return blocking{strips: 16, depth: splitDepth(in.k, 512, 8), panels: 8}
}

// splitDepth returns the depth of equal blocks of K, each of about most
// columns, rounded up to a multiple.
func splitDepth(k, most, multiple int) int {
	blocks := max(1, (k+most-1)/most)
	depth := (k + blocks - 1) / blocks
	return max(multiple, (depth+multiple-1)/multiple*multiple)
}

// width returns the number of panels of a tile: enough to keep the accumulators
// busy.
func (in *Input) width() int {
	switch {
	case in.form == six:
		return 1
	case in.m <= fewRows:
		return 4
	}
	return 2
}

// fewRows is the maximum number of rows of a tile of 4 panels in forms tall and
// dot.
const fewRows = 5
