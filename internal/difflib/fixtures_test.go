package difflib

import (
	"encoding/json"
	"testing"

	"seccodeprm/internal/shared"
)

// golden is a row of a fixture: a pair of functions as difflib compares it.
type golden struct {
	Dataset, Split  string
	Index           int
	Opcodes         []code
	OpcodesAutojunk []code `json:"opcodes_autojunk_on"`
	Ratio           float64
	RatioAutojunk   float64 `json:"ratio_autojunk_on"`
}

// pair is a pair of functions of SVEN or SafeCoder.
type pair struct {
	Before string `json:"func_src_before"`
	After  string `json:"func_src_after"`
}

// goldens returns the rows of a fixture, each with its pair of functions.
func goldens(t testing.TB, file string) (all []golden, pairs []pair) {
	t.Helper()
	data := map[string][]pair{}
	for _, g := range shared.Rows[golden](t, "fixtures", "difflib", file) {
		name := g.Dataset + "/" + g.Split
		if data[name] == nil {
			data[name] = shared.Rows[pair](t, "data", g.Dataset, g.Split+".jsonl")
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
