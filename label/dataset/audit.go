package dataset

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"seccodeprm/internal/stats"
)

// Audit measures how well labels can be predicted without reading the code. It
// asks two questions: is this step vulnerable, and is this example the
// vulnerable side? It answers them by the shape of steps alone, by single
// words, and by a logistic regression over all words. It fits on the train
// split and measures on the test split.
//
// A model would learn a leak first. With the released labelling, "the step is
// empty" alone predicts better than the best language model of the paper's
// Table 10.
type Audit struct {
	step, example level
	length        Stats // of all examples, for the ratio of lengths
	records       int   // of the test split so far, which are the groups of the bootstrap
	last          *Record
}

// level is one question with its items.
type level struct {
	names       []string
	train, test items
	words       map[string]int32
	all         []string // words by number
}

// items are the steps or examples that a level asks about.
type items struct {
	numbers  [][]float64 // by item, by feature
	words    [][]int32
	positive []bool
	group    []int
}

// NewAudit returns an Audit without examples. It takes about 8 bytes for each
// distinct word of each step, and 200 bytes a step. tokens counts the tokens of
// a text for the ratio of lengths; if it is nil, the ratio counts characters.
func NewAudit(tokens func(text []byte) int) *Audit {
	a := &Audit{length: Stats{Tokens: tokens}}
	for _, f := range features {
		a.step.names = append(a.step.names, f.name)
	}
	a.step.words = map[string]int32{}
	a.example.names = exampleFeatures[:]
	a.example.words = map[string]int32{}
	return a
}

// Train adds an example of the train split.
func (a *Audit) Train(e *Example) { a.add(e, &a.step.train, &a.example.train, 0) }

// Test adds an example of the test split. The sides of a pair must follow each
// other, because intervals resample records, not sides.
func (a *Audit) Test(e *Example) {
	if e.Record != a.last {
		a.last = e.Record
		a.records++
	}
	a.add(e, &a.step.test, &a.example.test, a.records-1)
}

func (a *Audit) add(e *Example, steps, examples *items, group int) {
	a.length.Add(e)
	rows := e.Rows()
	text := joined(rows)
	for i, s := range rows {
		f := stepFeatures(rows, i, len(text))
		steps.add(f[:], a.step.number(bag(s.Text)), !s.Secure, group)
	}
	f := exampleFeature(rows, text)
	examples.add(f[:], a.example.number(bag(string(text))), e.Vulnerable, group)
}

func (x *items) add(numbers []float64, words []int32, positive bool, group int) {
	x.numbers = append(x.numbers, slices.Clone(numbers))
	x.words = append(x.words, words)
	x.positive = append(x.positive, positive)
	x.group = append(x.group, group)
}

// both reports whether some items are positive and others are not.
func (x *items) both() bool {
	return slices.Contains(x.positive, true) && slices.Contains(x.positive, false)
}

func (l *level) number(words []string) []int32 {
	ids := make([]int32, len(words))
	for i, w := range words {
		id, ok := l.words[w]
		if !ok {
			id = int32(len(l.all))
			l.words[w] = id
			l.all = append(l.all, w)
		}
		ids[i] = id
	}
	return ids
}

// Leak says how well one predictor does on the test split. Intervals are 95 %
// bootstrap intervals over records.
type Leak struct {
	Level     string // "step" or "example"
	Predictor string
	Kind      string // "shape", "word" or "words"

	// Wide marks shapes that depend on the length of the example. One step in
	// three is vulnerable in a function of three steps, one in thirty in a
	// function of thirty. Such shapes predict in every data set of fixes,
	// however it is labelled.
	Wide bool

	Counts stats.Counts
	F1     [3]float64 // with its interval
	AUC    [3]float64 // with its interval; NaN if a class is missing
}

// Report is the outcome of an audit.
type Report struct {
	Leaks  []Leak     // by level, shapes before words, best F1 first
	Chance [2]float64 // F1 of calling every step, and every example, vulnerable
	Length float64    // Stats.LengthRatio of all examples

	// Open lists the levels, "step" or "example", that could not be audited
	// because a split has no vulnerable or no secure ones. That is neither a
	// failure nor a pass.
	Open []string
}

// AuditLimits say when an audit fails.
type AuditLimits struct {
	// Lift is how far the lower end of the F1 interval of a shape may exceed
	// Chance, 0.1 if it is 0. Wide shapes have no limit, nor do words, because
	// vulnerable code does differ in its words.
	Lift float64
}

// Failures returns the reasons not to train on a data set: a shape that
// predicts too well, or a ratio of lengths outside [0.5, 2].
func (r *Report) Failures(limits AuditLimits) []string {
	lift := limits.Lift
	if lift == 0 {
		lift = 0.1
	}
	var why []string
	for _, l := range r.Leaks {
		chance := r.Chance[0]
		if l.Level == "example" {
			chance = r.Chance[1]
		}
		if l.Kind == "shape" && !l.Wide && l.F1[1] > chance+lift {
			why = append(why, fmt.Sprintf("%s is predicted by %q: F1 %.1f [%.1f, %.1f] where chance is %.1f",
				l.Level, l.Predictor, 100*l.F1[0], 100*l.F1[1], 100*l.F1[2], 100*chance))
		}
	}
	if r.Length != 0 && (r.Length < 0.5 || r.Length > 2) {
		why = append(why, fmt.Sprintf("length predicts the label: vulnerable examples are %.2f times as long as secure ones", r.Length))
	}
	return why
}

// The size of an audit.
const (
	auditReplicates = 500
	auditWords      = 10 // words to report
	auditMinimum    = 5  // items of the train split that must contain a word
	auditBins       = 10 // bins of a number, for the regression over shapes
	auditSeed       = 1
)

// Report measures the leaks. The only error is ctx.Err().
func (a *Audit) Report(ctx context.Context) (*Report, error) {
	r := &Report{Length: a.length.LengthRatio()}
	for i, l := range []*level{&a.step, &a.example} {
		name := []string{"step", "example"}[i]
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !l.train.both() || !l.test.both() {
			r.Open = append(r.Open, name)
			continue
		}
		all := make([]bool, len(l.test.positive))
		for j := range all {
			all[j] = true
		}
		r.Chance[i] = stats.Count(all, l.test.positive, nil).F1()
		leaks, err := l.leaks(ctx, name, a.records)
		if err != nil {
			return nil, err
		}
		r.Leaks = append(r.Leaks, leaks...)
	}
	return r, nil
}

// leaks measures all predictors of a level.
func (l *level) leaks(ctx context.Context, name string, groups int) ([]Leak, error) {
	var shapes, words []Leak
	measure := func(predictor, kind string, score []float64, threshold float64) Leak {
		return l.test.measure(Leak{Level: name, Predictor: predictor, Kind: kind}, score, threshold, groups)
	}
	for f, feature := range l.names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		train, test := column(l.train.numbers, f), column(l.test.numbers, f)
		var leak Leak
		if name == "step" && features[f].yesNo {
			leak = measure(feature, "shape", test, 1)
		} else {
			// Fit which end predicts, and the threshold.
			up, upF1 := stats.NewRanking(train, l.train.positive).BestF1()
			down, downF1 := stats.NewRanking(negated(train), l.train.positive).BestF1()
			if upF1 >= downF1 {
				leak = measure(fmt.Sprintf("%s >= %g", feature, up), "shape", test, up)
			} else {
				leak = measure(fmt.Sprintf("%s <= %g", feature, -down), "shape", negated(test), down)
			}
		}
		leak.Wide = name == "step" && features[f].wide
		shapes = append(shapes, leak)
	}
	together := func(predictor string, count int) error {
		bins, n := binned(l.train.numbers, l.test.numbers, count)
		leak, err := l.regression(ctx, measure, predictor, "shape", bins[0], bins[1], n)
		leak.Wide = name == "step" && count > narrow
		shapes = append(shapes, leak)
		return err
	}
	if name == "step" {
		if err := together("shapes of the step, by regression", narrow); err != nil {
			return nil, err
		}
	}
	if err := together("all shapes, by regression", len(l.names)); err != nil {
		return nil, err
	}
	byF1 := func(a, b Leak) int {
		return cmp.Or(cmp.Compare(b.F1[0], a.F1[0]), strings.Compare(a.Predictor, b.Predictor))
	}
	slices.SortFunc(shapes, byF1)

	for _, w := range l.bestWords() {
		score := make([]float64, len(l.test.words))
		for i, item := range l.test.words {
			score[i] = yes(slices.Contains(item, w))
		}
		words = append(words, measure(fmt.Sprintf("%q", l.all[w]), "word", score, 1))
	}
	slices.SortFunc(words, byF1)
	leak, err := l.regression(ctx, measure, "bag of words, by regression", "words", l.train.words, l.test.words, len(l.all))
	if err != nil {
		return nil, err
	}
	return append(append(shapes, words...), leak), nil
}

// regression fits on train, including the threshold of the best F1, and
// measures on test.
func (l *level) regression(ctx context.Context, measure func(string, string, []float64, float64) Leak, predictor, kind string, train, test [][]int32, n int) (Leak, error) {
	fit, err := stats.FitLogistic(ctx, train, l.train.positive, n, auditSeed)
	if err != nil {
		return Leak{}, err
	}
	scores := func(all [][]int32) []float64 {
		s := make([]float64, len(all))
		for i, item := range all {
			s[i] = fit.Score(item)
		}
		return s
	}
	threshold, _ := stats.NewRanking(scores(train), l.train.positive).BestF1()
	return measure(predictor, kind, scores(test), threshold), nil
}

// measure completes leak for a score and the decision score >= threshold.
func (x *items) measure(leak Leak, score []float64, threshold float64, groups int) Leak {
	decided := make([]bool, len(score))
	for i, s := range score {
		decided[i] = s >= threshold
	}
	ranking := stats.NewRanking(score, x.positive)
	weights := make([]float64, len(score))
	spread := func(group []float64) []float64 {
		for i, g := range x.group {
			weights[i] = group[g]
		}
		return weights
	}
	leak.Counts = stats.Count(decided, x.positive, nil)
	leak.F1[0] = leak.Counts.F1()
	leak.F1[1], leak.F1[2] = stats.Bootstrap(groups, auditReplicates, auditSeed, func(group []float64) float64 {
		return stats.Count(decided, x.positive, spread(group)).F1()
	})
	leak.AUC[0] = ranking.AUC(nil)
	leak.AUC[1], leak.AUC[2] = stats.Bootstrap(groups, auditReplicates, auditSeed, func(group []float64) float64 {
		return ranking.AUC(spread(group))
	})
	return leak
}

// bestWords returns the words that predict best on the train split, each by
// itself.
func (l *level) bestWords() []int32 {
	hits := make([][2]float64, len(l.all))
	positives := 0.0
	for i, item := range l.train.words {
		p := l.train.positive[i]
		positives += yes(p)
		for _, w := range item {
			hits[w][int(yes(p))]++
		}
	}
	var words []int32
	f1 := func(w int32) float64 {
		h := hits[w]
		return stats.Counts{TP: h[1], FP: h[0], FN: positives - h[1]}.F1()
	}
	for w := range int32(len(hits)) {
		if hits[w][0]+hits[w][1] >= auditMinimum {
			words = append(words, w)
		}
	}
	slices.SortFunc(words, func(a, b int32) int {
		return cmp.Or(cmp.Compare(f1(b), f1(a)), strings.Compare(l.all[a], l.all[b]))
	})
	return words[:min(len(words), auditWords)]
}

// binned turns the first count numbers of each item into a set of features: for
// each number, the tenth of the train split that it lies in. n is the number of
// possible features.
func binned(train, test [][]float64, count int) (bins [2][][]int32, n int) {
	for side, all := range [][][]float64{train, test} {
		bins[side] = make([][]int32, len(all))
	}
	if len(train) == 0 {
		return bins, 0
	}
	for f := range count {
		sorted := column(train, f)
		slices.Sort(sorted)
		var edges []float64
		for i := 1; i < auditBins; i++ {
			edges = append(edges, sorted[i*len(sorted)/auditBins])
		}
		edges = slices.Compact(edges)
		for side, all := range [][][]float64{train, test} {
			for i := range all {
				at, found := slices.BinarySearch(edges, all[i][f])
				if found {
					at++
				}
				bins[side][i] = append(bins[side][i], int32(n+at))
			}
		}
		n += len(edges) + 1
	}
	return bins, n
}

func column(rows [][]float64, f int) []float64 {
	c := make([]float64, len(rows))
	for i, row := range rows {
		c[i] = row[f]
	}
	return c
}

func negated(x []float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = -v
	}
	return y
}

// Write writes the report as a table with figures in percent.
func (r *Report) Write(w io.Writer) error {
	level := ""
	for _, l := range r.Leaks {
		if l.Level != level {
			level = l.Level
			chance := r.Chance[0]
			if level == "example" {
				chance = r.Chance[1]
			}
			if _, err := fmt.Fprintf(w, "is this %s vulnerable? F1 of always yes: %.1f\n  %-38s  %-6s %-19s %5s %5s  %s\n",
				level, 100*chance, "predictor", "kind", "F1", "P", "R", "AUC"); err != nil {
				return err
			}
		}
		auc := "-"
		if !math.IsNaN(l.AUC[0]) {
			auc = interval(l.AUC)
		}
		if _, err := fmt.Fprintf(w, "  %-38s  %-6s %-19s %5.1f %5.1f  %s\n", l.Predictor, l.Kind, interval(l.F1),
			100*l.Counts.Precision(), 100*l.Counts.Recall(), auc); err != nil {
			return err
		}
	}
	for _, name := range r.Open {
		if _, err := fmt.Fprintf(w, "is this %s vulnerable? not audited: train and test need vulnerable ones and secure ones\n", name); err != nil {
			return err
		}
	}
	length := "-"
	if r.Length != 0 {
		length = fmt.Sprintf("%.2f", r.Length)
	}
	_, err := fmt.Fprintf(w, "mean length V:S %s\n", length)
	return err
}

func interval(x [3]float64) string {
	return fmt.Sprintf("%.1f [%.1f, %.1f]", 100*x[0], 100*x[1], 100*x[2])
}
