package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// progress shows what is going on, and for how long, once it takes over a
// second and w is a terminal. The returned function wipes the line.
func progress(w io.Writer, what string) (done func()) {
	if !isTerminal(w) {
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

// isTerminal reports whether w is a character device.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
