//go:build race

package cpu

// underRace: the race detector makes sync.Pool drop things at random.
const underRace = true
