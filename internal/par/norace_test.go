//go:build !race

package par

const underRace = false
