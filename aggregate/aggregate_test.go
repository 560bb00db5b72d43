package aggregate

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
)

const tolerance = 1e-12

func lookup(t testing.TB, name string, tau float64) Rule {
	t.Helper()
	rule, ok := Lookup(name, tau)
	require.True(t, ok, "%s %v", name, tau)
	require.Equal(t, name, rule.Name())
	return rule
}

// weighted is what the reference records for one sign of the exponent.
type weighted struct {
	Weights []float64
	R       float64
	Mean    float64 `json:"mean_of_weighted"`
	Min     float64 `json:"min_of_weighted"`
	Last    float64 `json:"last_of_weighted"`
	Binary  float64
}

type reference struct {
	R                                        []float64
	Mean, Min, Max, Last, Sum, Product, Drop float64
	Median                                   float64
	ProductP                                 float64 `json:"product_p"`
	GeometricMeanP                           float64 `json:"geometric_mean_p"`
	Count                                    float64 `json:"binary_count"`
	Fraction                                 float64 `json:"binary_fraction"`
	FirstBad                                 int     `json:"first_bad"`
	Softmax                                  map[string]struct {
		Minus, Plus weighted
		Vulnerable  bool
	}
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, v))
}

func TestAgainstReference(t *testing.T) {
	for name, path := range map[string]func(t *testing.T) string{
		"copied": func(*testing.T) string { return "testdata/aggregate.json" },
		"shared": func(t *testing.T) string { return shared.Path(t, "fixtures", "metrics", "aggregate.json") },
	} {
		t.Run(name, func(t *testing.T) {
			var file struct {
				Taus  []float64
				Cases []reference
			}
			readJSON(t, path(t), &file)
			require.NotEmpty(t, file.Cases)
			for i, c := range file.Cases {
				require.Len(t, c.Softmax, len(file.Taus))
				for _, tau := range file.Taus {
					checkReference(t, i, c, tau)
				}
			}
		})
	}
}

func checkReference(t *testing.T, i int, c reference, tau float64) {
	key := fmt.Sprint(tau)
	if !strings.Contains(key, ".") {
		key += ".0"
	}
	soft, ok := c.Softmax[key]
	require.True(t, ok, "no tau %s", key)
	want := map[string]float64{
		"risk": soft.Minus.R, "softmax-min": soft.Plus.Min, "softmax-mean": soft.Plus.R,
		"softmax-binary": step(soft.Plus.R >= 0),
		"last":           c.Last, "min": c.Min, "max": c.Max, "mean": c.Mean, "sum": c.Sum, "median": c.Median,
		"all-secure": step(c.Min >= 0), "product": c.Product, "product-p": c.ProductP,
		"geometric-mean-p": c.GeometricMeanP, "fraction": c.Fraction, "drop": c.Drop,
		"r2":                   c.Softmax["1.0"].Plus.R,
		"softmax-min-released": soft.Minus.Min, "softmax-last-released": soft.Minus.Last,
		"softmax-mean-released": soft.Minus.Mean, "softmax-binary-released": soft.Minus.Binary, "count-released": c.Count,
	}
	require.Len(t, want, len(Names()))
	for name, R := range want {
		require.InDelta(t, R, lookup(t, name, tau).Reward(c.R), tolerance, "case %d %s tau %v", i, name, tau)
	}
	for name, w := range map[string][]float64{
		"risk": soft.Minus.Weights, "softmax-min-released": soft.Minus.Weights, "softmax-mean-released": soft.Minus.Weights,
		"softmax-last-released": soft.Minus.Weights, "softmax-binary-released": soft.Minus.Weights,
		"softmax-min": soft.Plus.Weights, "softmax-mean": soft.Plus.Weights, "softmax-binary": soft.Plus.Weights,
		"r2": c.Softmax["1.0"].Plus.Weights,
	} {
		require.InDeltaSlice(t, w, lookup(t, name, tau).Weights(nil, c.R), tolerance, "case %d %s tau %v", i, name, tau)
	}
	require.Equal(t, c.FirstBad, FirstInsecure(c.R, 0))
	require.Equal(t, soft.Vulnerable, lookup(t, "risk", tau).Reward(c.R) <= 0, "case %d tau %v", i, tau)
}

func step(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}

func TestAdvantageAgainstReference(t *testing.T) {
	for name, path := range map[string]func(t *testing.T) string{
		"copied": func(*testing.T) string { return "testdata/advantage.json" },
		"shared": func(t *testing.T) string { return shared.Path(t, "fixtures", "metrics", "advantage.json") },
	} {
		t.Run(name, func(t *testing.T) {
			var cases []struct {
				R        [][]float64
				Batch    [][]float64 `json:"minus_batch_mean"`
				OwnMin   [][]float64 `json:"minus_own_min"`
				Position [][]float64 `json:"minus_position_mean"`
			}
			readJSON(t, path(t), &cases)
			require.NotEmpty(t, cases)
			for _, c := range cases {
				for name, want := range map[string][][]float64{"batch": c.Batch, "own-min": c.OwnMin, "position": c.Position} {
					advantage, ok := LookupAdvantage(name)
					require.True(t, ok)
					got := advantage(c.R)
					require.Len(t, got, len(want))
					for k := range want {
						require.InDeltaSlice(t, want[k], got[k], tolerance, name)
					}
				}
			}
		})
	}
}

func TestAdvantageShapes(t *testing.T) {
	for _, name := range AdvantageNames() {
		advantage, ok := LookupAdvantage(name)
		require.True(t, ok)
		require.Empty(t, advantage(nil))
		in := [][]float64{{}, {0.5, math.NaN()}, nil, {0.25}}
		out := advantage(in)
		require.Len(t, out, 4)
		require.Equal(t, []int{0, 2, 0, 1}, []int{len(out[0]), len(out[1]), len(out[2]), len(out[3])})
		require.Equal(t, 0.5, in[1][0], "the input was changed")
		require.Equal(t, name == "batch", math.IsNaN(out[3][0]))
	}
	_, ok := LookupAdvantage("mean")
	require.False(t, ok)
}

func TestLookup(t *testing.T) {
	for _, tau := range []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, name := range Names() {
			rule, ok := Lookup(name, tau)
			require.False(t, ok, "%s %v", name, tau)
			require.Nil(t, rule)
		}
	}
	for _, name := range []string{"", "Risk", "softmax", "binary"} {
		_, ok := Lookup(name, DefaultTau)
		require.False(t, ok, name)
	}
	names := Names()
	require.Equal(t, []string{"risk", "softmax-min", "last", "min", "all-secure", "mean", "softmax-mean", "softmax-binary", "r2"}, names[:9])
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(names))), len(names))
	for _, name := range names {
		tau, ok := Tau(lookup(t, name, 0.25))
		require.Equal(t, name == "risk" || strings.HasPrefix(name, "softmax"), ok, name)
		require.Equal(t, map[bool]float64{true: 0.25}[ok], tau)
	}
}

func TestUndefined(t *testing.T) {
	for _, name := range Names() {
		rule := lookup(t, name, DefaultTau)
		for _, r := range [][]float64{nil, {}, {math.NaN()}, {0.5, math.NaN(), 0.25}, {math.Inf(1), 0}, {0, math.Inf(-1)}} {
			require.True(t, math.IsNaN(rule.Reward(r)), "%s %v", name, r)
			require.Nil(t, rule.Weights(nil, r))
			require.Equal(t, []float64{7}, rule.Weights([]float64{7}, r))
		}
	}
}

func TestIndicatorWeights(t *testing.T) {
	r := []float64{0.5, -0.5, 0.75, -0.5}
	for name, want := range map[string][]float64{
		"last": {9, 0, 0, 0, 1}, "min": {9, 0, 1, 0, 0}, "max": {9, 0, 0, 1, 0}, "mean": {9, 0.25, 0.25, 0.25, 0.25}, "median": {9, 0.5, 0, 0, 0.5},
	} {
		got := lookup(t, name, DefaultTau).Weights([]float64{9}, r)
		if name == "median" { // which of the two equal ones is not said
			require.Equal(t, 0.5, got[2]+got[4])
			got[2], got[4] = 0, 0.5
		}
		require.Equal(t, want, got, name)
	}
}

func TestOrder(t *testing.T) {
	nan := math.NaN()
	require.Equal(t, []int{1, 3, 0, 5, 2, 4, 6}, Order([]float64{0, 1, nan, 1, nan, math.Inf(-1), nan}))
	require.Equal(t, []int{0, 1}, Order([]float64{0, math.Copysign(0, -1)}))
	require.Empty(t, Order(nil))
}

func TestFirstInsecure(t *testing.T) {
	require.Equal(t, 2, FirstInsecure([]float64{1, math.NaN(), 0.5, -1}, 0.5))
	require.Equal(t, -1, FirstInsecure(nil, 0))
}

// The bits of rewards that must be the same on every machine, as computed by
// the first version of this package that agreed with the reference.
func TestSameBitsEverywhere(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	r := make([]float64, 37)
	for i := range r {
		r[i] = float64(2*random.Float64()) - 1
	}
	for name, want := range map[string]uint64{
		"risk": 0xbfec864f76485fe7, "softmax-min": 0xbeb1f052adb41704, "softmax-mean": 0x3febe130f1bd3428, "r2": 0x3fd74e5964eb48d2, "mean": 0x3fc03cc4524d3fc0, "geometric-mean-p": 0x3fdd599086efdfce,
	} {
		require.Equal(t, fmt.Sprintf("%#x", want), fmt.Sprintf("%#x", math.Float64bits(lookup(t, name, DefaultTau).Reward(r))), name)
	}
}

// laws checks what holds for the rewards r in [-1, 1] at any tau.
func laws(t *testing.T, r []float64, tau float64) {
	low, high := slices.Min(r), slices.Max(r)
	reversed := slices.Clone(r)
	slices.Reverse(reversed)
	negated := make([]float64, len(r))
	for i, x := range r {
		negated[i] = -x
	}
	for _, name := range Names() {
		rule := lookup(t, name, tau)
		R := rule.Reward(r)
		require.Equal(t, math.Float64bits(R), math.Float64bits(rule.Reward(r)), name)
		require.False(t, math.IsNaN(R), name)
		w := rule.Weights(nil, r)

		switch name { // averages
		case "risk", "softmax-mean", "r2", "mean", "median", "min", "max", "last":
			require.GreaterOrEqual(t, R, low, name)
			require.LessOrEqual(t, R, high, name)
			dot := 0.0
			for i := range r {
				dot += float64(w[i] * r[i])
			}
			require.InDelta(t, R, dot, tolerance, name)
		case "all-secure", "softmax-binary":
			require.Contains(t, []float64{0, 1}, R, name)
		case "fraction", "softmax-binary-released", "product-p", "geometric-mean-p":
			require.GreaterOrEqual(t, R, 0.0, name)
			require.LessOrEqual(t, R, 1+tolerance, name)
		}
		switch name { // the order of the steps matters to these alone
		case "last", "drop", "softmax-last-released", "softmax-binary":
			// (softmax-binary may tip over at 0 by a rounding)
		default:
			require.InDelta(t, R, rule.Reward(reversed), tolerance*float64(len(r)), name)
		}
		if w != nil {
			require.Len(t, w, len(r), name)
			total := 0.0
			for _, x := range w {
				require.GreaterOrEqual(t, x, 0.0, name)
				require.LessOrEqual(t, x, 1.0, name)
				total += x
			}
			require.InDelta(t, 1, total, tolerance, name)
		}
	}
	reward := func(name string, tau float64, r []float64) float64 { return lookup(t, name, tau).Reward(r) }
	// Duality, in bits: a risk is a mean of the mirrored rewards.
	require.Equal(t, reward("risk", tau, r), -reward("softmax-mean", tau, negated))
	require.Equal(t, reward("max", tau, r), -reward("min", tau, negated))
	// Risk grows with tau, from the minimum to the mean.
	require.LessOrEqual(t, reward("risk", tau, r), reward("risk", 2*tau, r)+tolerance)
	require.LessOrEqual(t, reward("risk", tau, r), reward("mean", tau, r)+tolerance)
	require.GreaterOrEqual(t, reward("softmax-mean", tau, r), reward("mean", tau, r)-tolerance)
	require.InDelta(t, low, reward("risk", math.SmallestNonzeroFloat64, r), tolerance)
	require.InDelta(t, high, reward("softmax-mean", math.SmallestNonzeroFloat64, r), tolerance)
	require.InDelta(t, reward("mean", tau, r), reward("risk", 1e300, r), tolerance)
}

func TestLaws(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		r := make([]float64, 1+random.IntN(40))
		for i := range r {
			r[i] = float64(2*random.Float64()) - 1
			if random.IntN(4) == 0 {
				r[i] = math.Round(r[i])
			}
		}
		laws(t, r, math.Exp2(float64(random.IntN(20)-12)))
	}
}

func FuzzLaws(f *testing.F) {
	f.Add([]byte{0, 255, 127, 128}, 0.1)
	f.Add([]byte{255}, 1e-9)
	f.Add([]byte{0, 0, 0, 1}, 1e12)
	f.Fuzz(func(t *testing.T, steps []byte, tau float64) {
		if len(steps) == 0 || len(steps) > 1000 || !(tau > 0) || tau > 1e300 {
			return
		}
		r := make([]float64, len(steps))
		for i, b := range steps {
			r[i] = float64(b)/127.5 - 1
		}
		laws(t, r, tau)
	})
}
