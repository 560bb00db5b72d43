//go:build race

package par

// underRace: the race detector makes sync.Pool drop things at random.
const underRace = true
