package console

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Progress shows what is being done and for how many seconds, on a line of its
// own. The line appears after a second, and only if w is a terminal. The caller
// calls done to wipe it.
func Progress(w io.Writer, what string) (done func()) {
	if !Terminal(w) {
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
				fmt.Fprintf(w, "\r\x1b[K%s, %d s", what, seconds)
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
