package label

import (
	"testing"

	"seccodeprm/internal/shared"
)

// source is a pair of functions of SVEN or SafeCoder.
type source struct {
	Before string `json:"func_src_before"`
	After  string `json:"func_src_after"`
	File   string `json:"file_name"`
}

// golden is a row of a fixture: the labels of a pair of functions.
type golden struct {
	Dataset, Split string
	Index          int
	SegmentFirst   struct {
		StepEnds [2][]int         `json:"step_ends_bytes"`
		Labels   map[string][]int `json:"labels"`
	} `json:"segment_first"`
	PaperCompat struct {
		Steps  [2][]string
		Labels [2][]int
	} `json:"paper_compat"`
}

// goldens returns the rows of a fixture, each with its pair of functions.
func goldens(t testing.TB, file string) (all []golden, pairs []source) {
	t.Helper()
	data := map[string][]source{}
	for _, g := range shared.Rows[golden](t, "fixtures", "difflib", file) {
		name := g.Dataset + "/" + g.Split
		if data[name] == nil {
			data[name] = shared.Rows[source](t, "data", g.Dataset, g.Split+".jsonl")
		}
		all, pairs = append(all, g), append(pairs, data[name][g.Index])
	}
	return all, pairs
}
