package segment

import (
	"bytes"
	"fmt"
	goscanner "go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// threadTime returns the processor time of the calling thread, which other
// programs on the machine do not disturb.
func threadTime() time.Duration {
	const thread = 1 // RUSAGE_THREAD
	var u syscall.Rusage
	if err := syscall.Getrusage(thread, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLanguages measures each language on its sample, repeated, and Go on
// a part of its standard library too. MB/s-thread is by processor time.
func BenchmarkLanguages(b *testing.B) {
	type source struct {
		name string
		lang Language
		src  []byte
	}
	var sources []source
	for _, c := range samples {
		sources = append(sources, source{c.lang.String(), c.lang, bytes.Repeat([]byte(c.src), 1<<20/len(c.src))})
	}
	var std []byte
	names, _ := filepath.Glob(filepath.Join(runtime.GOROOT(), "src", "net", "http", "*.go"))
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		std = append(std, src...)
	}
	if len(std) > 0 {
		sources = append(sources, source{"Go-net-http", Go, std})
	}
	for _, s := range sources {
		for _, what := range []string{"steps", "scan"} {
			b.Run(fmt.Sprintf("language=%s/what=%s", s.name, what), func(b *testing.B) {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				b.SetBytes(int64(len(s.src)))
				b.ReportAllocs()
				start := threadTime()
				for b.Loop() {
					if what == "steps" {
						if _, err := (Policy{Preset: Structure}).Steps(s.src, s.lang); err != nil {
							b.Fatal(err)
						}
					} else {
						Scan(s.src, s.lang)
					}
				}
				b.ReportMetric(float64(b.N)*float64(len(s.src))/1e6/(threadTime()-start).Seconds(), "MB/s-thread")
			})
		}
	}
}

// BenchmarkGoScanner is a measure of the machine: the scanner of the Go standard
// library, tokens alone, on the sources of language=Go-net-http.
func BenchmarkGoScanner(b *testing.B) {
	names, _ := filepath.Glob(filepath.Join(runtime.GOROOT(), "src", "net", "http", "*.go"))
	var std []byte
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		std = append(std, src...)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.SetBytes(int64(len(std)))
	start := threadTime()
	for b.Loop() {
		set := token.NewFileSet()
		var s goscanner.Scanner
		s.Init(set.AddFile("", -1, len(std)), std, nil, goscanner.ScanComments)
		for tok := token.ILLEGAL; tok != token.EOF; {
			_, tok, _ = s.Scan()
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(std))/1e6/(threadTime()-start).Seconds(), "MB/s-thread")
}
