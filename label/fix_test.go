package label

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
	"seccodeprm/segment"
)

var paper = segment.Policy{Preset: segment.Paper}

func ints(steps []Step) []int {
	labels := make([]int, len(steps))
	for i, s := range steps {
		if s.Secure {
			labels[i] = 1
		}
	}
	return labels
}

func fix(t testing.TB, before, after string, lang segment.Language, rule Rule) *Pair {
	t.Helper()
	p, err := Fix(t.Context(), []byte(before), []byte(after), lang, rule)
	require.NoError(t, err)
	return p
}

func TestFixGoldens(t *testing.T) {
	all, pairs := goldens(t, "pairs.jsonl.gz")
	for i, g := range all {
		for name, anchor := range map[string]Anchor{"strict": Strict, "containing": Containing, "both": Both} {
			p := fix(t, pairs[i].Before, pairs[i].After, segment.Unknown, Rule{Policy: paper, Anchor: anchor})
			require.Equal(t, g.SegmentFirst.Labels[name], ints(p.Vulnerable), "%s/%s %d %s", g.Dataset, g.Split, g.Index, name)
			require.Len(t, p.Secure, Vulnerable(p.Secure)+len(g.SegmentFirst.StepEnds[1]))
			for side, steps := range [][]Step{p.Vulnerable, p.Secure} {
				var ends []int
				for _, s := range steps {
					ends = append(ends, s.End)
					require.Equal(t, Diff, s.From)
					require.Equal(t, 1.0, s.Weight)
				}
				require.Equal(t, g.SegmentFirst.StepEnds[side], ends)
			}
		}
	}
}

func TestPaperCompatGoldens(t *testing.T) {
	all, pairs := goldens(t, "pairs.jsonl.gz")
	for i, g := range all {
		before, after := []byte(pairs[i].Before), []byte(pairs[i].After)
		p, err := PaperCompat(t.Context(), before, after)
		require.NoError(t, err)
		for side, steps := range [][]Step{p.Vulnerable, p.Secure} {
			var texts []string
			for _, s := range steps {
				texts = append(texts, s.Text)
			}
			require.Equal(t, g.PaperCompat.Steps[side], texts)
			require.Equal(t, g.PaperCompat.Labels[side], ints(steps))
			checkPartition(t, [][]byte{before, after}[side], steps)
		}
	}
}

// checkPartition checks that steps cover src in order and name their lines.
func checkPartition(t testing.TB, src []byte, steps []Step) {
	t.Helper()
	end := 0
	for _, s := range steps {
		require.Equal(t, end, s.Start)
		require.LessOrEqual(t, s.Start, s.End)
		end = s.End
		if s.End > s.Start {
			require.Equal(t, 1+bytes.Count(src[:s.Start], newline), s.Line)
			require.Equal(t, 1+bytes.Count(src[:s.End-1], newline), s.EndLine)
		}
	}
	require.Equal(t, len(src), end)
}

// total is a row of totals.json that can be computed without a tokenizer.
type total struct {
	Examples [2]int
	Chars    [2]float64
	Steps    [2]float64
	WithOne  int     `json:"vulnerable_examples_with_a_vulnerable_step"`
	StepV    float64 `json:"step_v_percent"`
	StepA    float64 `json:"step_a_percent"`
	StepsV   int     `json:"vulnerable_steps"`
	StepsAll int     `json:"all_steps"`
	EmptyV   int     `json:"empty_vulnerable_steps"`
	SingleV  int     `json:"single_step_vulnerable_examples"`
}

func TestTotals(t *testing.T) {
	data, err := os.ReadFile(shared.Path(t, "fixtures", "difflib", "totals.json"))
	require.NoError(t, err)
	var file struct {
		Totals map[string]struct {
			PaperCompat total `json:"paper_compat"`
			Strict      total `json:"segment_first_strict"`
			Containing  total `json:"segment_first_containing"`
			Both        total `json:"segment_first_both"`
			Insertions  int   `json:"insertion_only_fixes"`
			Identical   int   `json:"identical_pairs"`
		}
	}
	require.NoError(t, json.Unmarshal(data, &file))
	require.Len(t, file.Totals, 4)
	for name, want := range file.Totals {
		dataset, split, _ := strings.Cut(name, "/")
		pairs := shared.Rows[source](t, "data", dataset, split+".jsonl")
		insertions, identical := 0, 0
		got := map[string]*sums{"paper": {}, "strict": {}, "containing": {}, "both": {}}
		for _, pair := range pairs {
			p, err := PaperCompat(t.Context(), []byte(pair.Before), []byte(pair.After))
			require.NoError(t, err)
			got["paper"].add(p, joined(p.Vulnerable), joined(p.Secure))
			for rule, anchor := range map[string]Anchor{"strict": Strict, "containing": Containing, "both": Both} {
				p := fix(t, pair.Before, pair.After, segment.Unknown, Rule{Policy: paper, Anchor: anchor})
				got[rule].add(p, utf8.RuneCountInString(pair.Before), utf8.RuneCountInString(pair.After))
				if rule == "strict" {
					only := true // also if nothing changed, as the fixtures count
					for _, h := range p.Hunks {
						only = only && h.Before.empty()
					}
					if only {
						insertions++
					}
					if !p.Evidence() {
						identical++
					}
				}
			}
		}
		require.Equal(t, want.Insertions, insertions, name)
		require.Equal(t, want.Identical, identical, name)
		requireTotal(t, want.PaperCompat, got["paper"].total(), name)
		requireTotal(t, want.Strict, got["strict"].total(), name)
		requireTotal(t, want.Containing, got["containing"].total(), name)
		requireTotal(t, want.Both, got["both"].total(), name)
	}
}

type sums struct {
	examples, withOne, vulnerable, all, empty, single int
	chars, steps                                      [2]int
	ratios                                            float64
}

// joined counts the characters of the steps' texts joined by the separator.
func joined(steps []Step) int {
	n := 2 * (len(steps) - 1)
	for _, s := range steps {
		n += utf8.RuneCountInString(s.Text)
	}
	return n
}

func (s *sums) add(p *Pair, before, after int) {
	s.examples++
	n := Vulnerable(p.Vulnerable)
	if n > 0 {
		s.withOne++
	}
	s.vulnerable += n
	s.all += len(p.Vulnerable) + len(p.Secure)
	if n > 0 {
		s.ratios += float64(n) / float64(len(p.Vulnerable))
	}
	if len(p.Vulnerable) == 1 {
		s.single++
	}
	for _, step := range p.Vulnerable {
		if !step.Secure && step.Text == "" {
			s.empty++
		}
	}
	for side, steps := range [][]Step{p.Vulnerable, p.Secure} {
		s.steps[side] += len(steps)
		s.chars[side] += [2]int{before, after}[side]
	}
}

func (s *sums) total() total {
	n := float64(s.examples)
	return total{
		Examples: [2]int{s.examples, s.examples},
		Chars:    [2]float64{float64(s.chars[0]) / n, float64(s.chars[1]) / n},
		Steps:    [2]float64{float64(s.steps[0]) / n, float64(s.steps[1]) / n},
		WithOne:  s.withOne,
		StepV:    100 * s.ratios / float64(s.withOne),
		StepA:    100 * float64(s.vulnerable) / float64(s.all),
		StepsV:   s.vulnerable, StepsAll: s.all, EmptyV: s.empty, SingleV: s.single,
	}
}

// requireTotal compares two totals. Percentages may differ in the last digits,
// which depend on the order of summation.
func requireTotal(t *testing.T, want, got total, name string) {
	t.Helper()
	require.InDelta(t, want.StepV, got.StepV, 1e-9, name)
	got.StepV = want.StepV
	require.Equal(t, want, got, name)
}
