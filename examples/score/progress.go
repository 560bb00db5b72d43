package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"seccodeprm/internal/console"
)

// progress shows what is going on, and for how long, once it takes over a
// second and w is a terminal. The returned function wipes the line.
func progress(w io.Writer, what string) (done func()) {
	if !console.Terminal(w) {
		return func() {}
	}
	stop := make(chan struct{})
	var finished sync.WaitGroup
	finished.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for seconds := 1; ; seconds++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				fmt.Fprintf(w, "\r\x1b[Kscoring %s, %d s", what, seconds)
			}
		}
	})
	start := time.Now()
	return func() {
		close(stop)
		finished.Wait()
		if time.Since(start) >= time.Second {
			fmt.Fprint(w, "\r\x1b[K")
		}
	}
}
