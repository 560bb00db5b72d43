package kernels

// blocking bounds the part of a product that is worked on at a time. It decides
// which cache holds what, never the result.
type blocking struct {
	strips int // strips of activations per block: with depth columns they stay in L2
	depth  int // columns of K per block, even: a strip and a panel stay in L1
	panels int // panels of weights packed per block
}

// blocking splits K evenly into blocks of at most 512.
func (r *Rows) blocking() blocking {
	blocks := max(1, (r.k+511)/512)
	depth := (r.k + blocks - 1) / blocks
	return blocking{strips: 16, depth: max(8, (depth+7)&^7), panels: 8}
}

// width is the number of panels of a tile: as many as keep the accumulators busy.
func (r *Rows) width() int {
	switch {
	case r.form == six:
		return 1
	case r.m <= fewRows:
		return 4
	}
	return 2
}

// fewRows is the most rows of a tile of 4 panels in forms tall and dot.
const fewRows = 5
