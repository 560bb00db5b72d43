//go:build !race

package paged

const underRace = false
