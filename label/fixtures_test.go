package label

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
)

// rows reads a fixture of JSON lines, gzip or not.
func rows[T any](t testing.TB, elem ...string) []T {
	t.Helper()
	name := shared.Path(t, elem...)
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	if magic, _ := r.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(r)
		require.NoError(t, err)
		r = bufio.NewReaderSize(z, 1<<20)
	}
	var all []T
	for d := json.NewDecoder(r); d.More(); {
		var row T
		require.NoError(t, d.Decode(&row))
		all = append(all, row)
	}
	require.NotEmpty(t, all)
	return all
}

// source is a pair of functions of SVEN or SafeCoder.
type source struct {
	Before string `json:"func_src_before"`
	After  string `json:"func_src_after"`
	File   string `json:"file_name"`
}

// golden is a row of the difflib fixtures.
type golden struct {
	Dataset, Split  string
	Index           int
	Opcodes         []code
	OpcodesAutojunk []code `json:"opcodes_autojunk_on"`
	Ratio           float64
	RatioAutojunk   float64 `json:"ratio_autojunk_on"`
	SegmentFirst    struct {
		StepEnds [2][]int         `json:"step_ends_bytes"`
		Labels   map[string][]int `json:"labels"`
	} `json:"segment_first"`
	PaperCompat struct {
		Steps  [2][]string
		Labels [2][]int
	} `json:"paper_compat"`
}

// goldens returns the rows of one fixture, each with its pair of functions.
func goldens(t testing.TB, file string) (all []golden, pairs []source) {
	t.Helper()
	data := map[string][]source{}
	for _, g := range rows[golden](t, "fixtures", "difflib", file) {
		name := g.Dataset + "/" + g.Split
		if data[name] == nil {
			data[name] = rows[source](t, "data", g.Dataset, g.Split+".jsonl")
		}
		all, pairs = append(all, g), append(pairs, data[name][g.Index])
	}
	return all, pairs
}

// code is an opcode as the fixtures write it, ["r", 0, 1, 0, 2].
type code Opcode

func (c *code) UnmarshalJSON(data []byte) error {
	var tag string
	row := []any{&tag, &c.A1, &c.A2, &c.B1, &c.B2}
	if err := json.Unmarshal(data, &row); err != nil {
		return err
	}
	for t := Equal; t <= Insert; t++ {
		if t.String()[:1] == tag {
			c.Tag = t
		}
	}
	return nil
}

func opcodes(codes []code) (all []Opcode) {
	for _, c := range codes {
		all = append(all, Opcode(c))
	}
	return all
}
