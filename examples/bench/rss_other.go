//go:build !linux

package main

// peakRSS returns 0: it is known on Linux only.
func peakRSS() float64 { return 0 }

// anonRSS returns 0: it is known on Linux only.
func anonRSS() float64 { return 0 }
