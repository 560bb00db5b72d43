//go:build !linux

package main

// peakRSS is not known here: 0.
func peakRSS() float64 { return 0 }

// anonRSS is known on Linux only.
func anonRSS() float64 { return 0 }
