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

// BenchmarkLanguages measures each language on its sample, repeated. Its lines
// have a few letters, so this is the worst case. It also measures Go on package
// net/http, and with SEGMENT_CORPUS=DIR each language on the files below DIR.
// MB/s-thread is by processor time.
func BenchmarkLanguages(b *testing.B) {
	type source struct {
		lang Language
		text string
		src  [][]byte
	}
	var sources []source
	for _, c := range samples {
		sources = append(sources, source{c.lang, "sample", [][]byte{bytes.Repeat([]byte(c.src), 1<<20/len(c.src))}})
	}
	sources = append(sources, source{Go, "net-http", readAll(b, netHTTP(b))})
	if root := os.Getenv("SEGMENT_CORPUS"); root != "" {
		const most = 6 << 20 // bytes
		byLanguage := make([]source, len(dialects))
		sizes := make([]int, len(dialects))
		for _, name := range sourceFiles(b, root) {
			l := LanguageOf(name)
			if sizes[l] > most {
				continue
			}
			src := readAll(b, []string{name})
			byLanguage[l] = source{l, "corpus", append(byLanguage[l].src, src...)}
			sizes[l] += len(src[0])
		}
		for _, s := range byLanguage {
			if len(s.src) > 0 {
				sources = append(sources, s)
			}
		}
	}
	for _, s := range sources {
		size := 0
		for _, src := range s.src {
			size += len(src)
		}
		for _, what := range []string{"steps", "scan"} {
			b.Run(fmt.Sprintf("language=%s/text=%s/what=%s", s.lang, s.text, what), func(b *testing.B) {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				b.SetBytes(int64(size))
				b.ReportAllocs()
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				start := threadTime()
				for b.Loop() {
					for _, src := range s.src {
						if what == "scan" {
							Scan(src, s.lang)
						} else if _, err := (Policy{Preset: Structure}).Steps(src, s.lang); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(b.N)*float64(size)/1e6/(threadTime()-start).Seconds(), "MB/s-thread")
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(b.N)/(float64(size)/1024), "allocs/KB")
			})
		}
	}
}

func readAll(b *testing.B, names []string) [][]byte {
	var out [][]byte
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		out = append(out, src)
	}
	return out
}

func netHTTP(b *testing.B) []string {
	names, err := filepath.Glob(filepath.Join(runtime.GOROOT(), "src", "net", "http", "*.go"))
	if err != nil || len(names) == 0 {
		b.Skip("the sources of Go are not installed")
	}
	return names
}

// BenchmarkGoScanner is a yardstick for the machine: the scanner of the Go
// standard library, which only finds tokens, on the sources of text=net-http.
func BenchmarkGoScanner(b *testing.B) {
	std := bytes.Join(readAll(b, netHTTP(b)), nil)
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

// BenchmarkStreamAppend appends a source a byte or a line at a time, and asks for
// the rest or clones after each line. An operation is one such call.
func BenchmarkStreamAppend(b *testing.B) {
	src := bytes.Repeat([]byte(samples[0].src), 100)
	for _, what := range []string{"byte", "line", "line+rest", "line+clone"} {
		b.Run("piece="+what, func(b *testing.B) {
			b.ReportAllocs()
			s, err := NewStream(Policy{Preset: Structure}, samples[0].lang)
			if err != nil {
				b.Fatal(err)
			}
			pos := 0
			for b.Loop() {
				if pos == len(src) {
					pos = 0
				}
				end := pos + 1
				if what != "byte" {
					end = lineEnd(src, pos)
				}
				s.Append(src[pos:end])
				pos = end
				switch what {
				case "line+rest":
					s.Rest()
				case "line+clone":
					s.Clone()
				}
			}
		})
	}
}
