package main

import "golang.org/x/sys/unix"

// peakRSS is the largest resident memory of the process so far, in MB.
func peakRSS() float64 {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Maxrss) / 1000
}
