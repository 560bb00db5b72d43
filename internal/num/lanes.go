package num

// Lanes is the number of partial sums of a reduction. Element i belongs to lane
// i mod Lanes. They fit 2 registers of 16 lanes, 4 of 8 or 8 of 4.
const Lanes = 32

// SumLanes returns the sum of x in the fixed order of all reductions: each lane
// adds its elements from the left, starting at +0, and [Tree] adds the lanes.
func SumLanes(x []float32) float32 {
	var acc [Lanes]float32
	for i, v := range x {
		acc[i%Lanes] += v
	}
	return Tree(&acc)
}

// SumSquares returns the sum of squares of x in the same order. Each lane is a
// chain of fused multiply-adds.
func SumSquares(x []float32) float32 {
	var acc [Lanes]float32
	for i, v := range x {
		acc[i%Lanes] = FMA(v, v, acc[i%Lanes])
	}
	return Tree(&acc)
}

// Tree adds 32 lanes: lane i and i+16, then i+8, +4, +2, +1. It overwrites
// them.
func Tree(lanes *[Lanes]float32) float32 {
	for half := Lanes / 2; half > 0; half /= 2 {
		for i := range half {
			lanes[i] += lanes[i+half]
		}
	}
	return lanes[0]
}
