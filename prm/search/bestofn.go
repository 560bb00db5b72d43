package search

import "fmt"

// BestOfN asks for N whole continuations and ranks them.
type BestOfN struct {
	N int // at least 1
}

// String returns "best-of-n n=10".
func (b BestOfN) String() string { return fmt.Sprintf("best-of-n n=%d", b.N) }

func (b BestOfN) check() error { return positive("BestOfN", "N", b.N) }

func (b BestOfN) start() []ask { return []ask{{n: b.N, whole: true}} }

func (b BestOfN) next(s *Search, l level) []ask {
	if nodes := s.all(l); len(nodes) > 0 {
		s.accept(s.best(nodes)[0])
	}
	return nil
}
