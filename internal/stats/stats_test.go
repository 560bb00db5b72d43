package stats

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
)

func TestGoldens(t *testing.T) {
	data, err := os.ReadFile(shared.Path(t, "fixtures", "metrics", "binary.json"))
	require.NoError(t, err)
	var all []struct {
		Name              string
		Y                 []int
		Score             []float64
		Threshold         float64
		TP, FP, FN, TN    float64
		Accuracy          float64
		Precision, Recall float64
		F1                float64
		AUC               any `json:"roc_auc"`
	}
	require.NoError(t, json.Unmarshal(data, &all))
	require.Len(t, all, 41)
	for _, g := range all {
		positive, decided := make([]bool, len(g.Y)), make([]bool, len(g.Y))
		for i := range g.Y {
			positive[i], decided[i] = g.Y[i] == 1, g.Score[i] >= g.Threshold
		}
		c := Count(decided, positive, nil)
		require.Equal(t, Counts{g.TP, g.FP, g.FN, g.TN}, c, g.Name)
		require.InDelta(t, g.Accuracy, c.Accuracy(), 1e-12)
		require.InDelta(t, g.Precision, c.Precision(), 1e-12)
		require.InDelta(t, g.Recall, c.Recall(), 1e-12)
		require.InDelta(t, g.F1, c.F1(), 1e-12)
		r := NewRanking(g.Score, positive)
		if auc, ok := g.AUC.(float64); ok {
			require.InDelta(t, auc, r.AUC(nil), 1e-12, g.Name)
		} else {
			require.True(t, math.IsNaN(r.AUC(nil)), g.Name)
		}
		threshold, f1 := r.BestF1()
		for i, s := range g.Score {
			decided[i] = s >= threshold
		}
		require.Equal(t, f1, Count(decided, positive, nil).F1(), g.Name)
		for _, other := range g.Score {
			for i, s := range g.Score {
				decided[i] = s >= other
			}
			require.LessOrEqual(t, Count(decided, positive, nil).F1(), f1, g.Name)
		}
	}
}

// A weight of 2 is the item twice.
func TestWeights(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var score, score2 []float64
	var positive, positive2 []bool
	var weight []float64
	for range 200 {
		s, p, w := float64(r.IntN(20)), r.IntN(3) == 0, r.IntN(3)
		score, positive, weight = append(score, s), append(positive, p), append(weight, float64(w))
		for range w {
			score2, positive2 = append(score2, s), append(positive2, p)
		}
	}
	require.InDelta(t, NewRanking(score2, positive2).AUC(nil), NewRanking(score, positive).AUC(weight), 1e-12)
	decide := func(score []float64) (d []bool) {
		for _, s := range score {
			d = append(d, s > 9)
		}
		return d
	}
	require.Equal(t, Count(decide(score2), positive2, nil), Count(decide(score), positive, weight))
}

// The interval of a mean is about 1.96 standard errors to both sides.
func TestBootstrap(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	x := make([]float64, 400)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	mean := func(weight []float64) float64 {
		sum := 0.0
		for i, w := range weight {
			sum += w * x[i]
		}
		return sum / float64(len(x))
	}
	low, high := Bootstrap(len(x), 2000, 3, mean)
	require.InDelta(t, 2*1.96/20, high-low, 0.03)
	again, _ := Bootstrap(len(x), 2000, 3, mean)
	require.Equal(t, low, again)
	low, _ = Bootstrap(5, 10, 1, func([]float64) float64 { return math.NaN() })
	require.True(t, math.IsNaN(low))
}

func TestLogistic(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	var items [][]int32
	var positive []bool
	for range 2000 { // feature 0 is for, feature 1 against, the rest is noise
		var item []int32
		for f := range int32(6) {
			if r.IntN(2) == 0 {
				item = append(item, f)
			}
		}
		odds := -1.0
		for _, f := range item {
			odds += []float64{2, -2, 0, 0, 0, 0}[f]
		}
		items = append(items, item)
		positive = append(positive, r.Float64() < 1/(1+math.Exp(-odds)))
	}
	l, err := FitLogistic(t.Context(), items, positive, 6, 1)
	require.NoError(t, err)
	require.InDelta(t, 2, l.Weight[0], 0.3)
	require.InDelta(t, -2, l.Weight[1], 0.3)
	for _, w := range l.Weight[2:] {
		require.InDelta(t, 0, w, 0.3)
	}
	require.Equal(t, l.Bias, l.Score([]int32{99}))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = FitLogistic(ctx, items, positive, 6, 1)
	require.ErrorIs(t, err, context.Canceled)
	l, err = FitLogistic(t.Context(), items, make([]bool, len(items)), 6, 1)
	require.NoError(t, err)
	require.Zero(t, l.Score(items[0]))
}
