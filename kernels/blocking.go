package kernels

// blocking bounds the part of a product that is worked on at a time. It decides
// which cache holds what, never the result.
type blocking struct {
	strips int // strips of activations per block: with depth columns they stay in L2
	depth  int // columns of K per block, a multiple of 8
	panels int // panels of weights packed per block, a multiple of 4
}

// blocking splits K evenly. In form six a strip and a panel stay in L1. The tiles
// of AVX-512 are large enough to be fed from L2, and blocks are as deep as that
// allows, because C is loaded and stored once a block: about 0.5 MB of
// activations and 0.3 MB of panels.
func (in *Input) blocking() blocking {
	switch in.form {
	case tall:
		return blocking{strips: 8, depth: splitDepth(in.k, 1280, 32), panels: 8}
	case quad8, quad16: // a tile goes over all of K
		return blocking{strips: 16}
	case dot:
		return blocking{strips: 16, depth: splitDepth(in.k, 1280, 32), panels: 8}
	}
	return blocking{strips: 16, depth: splitDepth(in.k, 512, 8), panels: 8}
}

// splitDepth returns the depth of equal blocks of K of about most columns, rounded
// up to a multiple.
func splitDepth(k, most, multiple int) int {
	blocks := max(1, (k+most-1)/most)
	depth := (k + blocks - 1) / blocks
	return max(multiple, (depth+multiple-1)/multiple*multiple)
}

// width is the number of panels of a tile: as many as keep the accumulators busy.
func (in *Input) width() int {
	switch {
	case in.form == six:
		return 1
	case in.m <= fewRows:
		return 4
	}
	return 2
}

// fewRows is the most rows of a tile of 4 panels in forms tall and dot.
const fewRows = 5
