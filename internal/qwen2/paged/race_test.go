//go:build race

package paged

// underRace: the race detector makes sync.Pool drop things at random.
const underRace = true
