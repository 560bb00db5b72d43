package main

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/internal/shared"
	"seccodeprm/internal/verify"
)

func verifyWith(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"-nonsense"}} {
		code, stdout, stderr := verifyWith(t, args...)
		require.Equal(t, 2, code)
		require.Empty(t, stdout)
		require.NotEmpty(t, stderr)
	}
	code, _, stderr := verifyWith(t, "-precision", "f64")
	require.Equal(t, 2, code)
	require.Equal(t, "verify: -precision: \"f64\" is not f32, bf16, w8a16 or w8a8\n", stderr)
	code, stdout, stderr := verifyWith(t, t.TempDir())
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "expected.json")
	require.Contains(t, stdout, "0 checkpoints, 0 sequences")
}

func TestDigest(t *testing.T) {
	code, first, stderr := verifyWith(t, "-digest")
	require.Zero(t, code, stderr)
	require.Len(t, first, 65)
	_, second, _ := verifyWith(t, "-digest")
	require.Equal(t, first, second)
}

func TestCheckpoint(t *testing.T) {
	dir := shared.Path(t, "fixtures", "models", "mathprm")
	code, stdout, stderr := verifyWith(t, dir, dir)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "mathprm (math-prm, bfloat16)\n  seq1 ")
	require.NotContains(t, stdout, "TOLERANCE")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	require.Regexp(t, `^2 checkpoints, \d+ sequences, worst readout .* at mathprm .*, worst hidden state `, lines[len(lines)-1])

	code, one, _ := verifyWith(t, "-digest", dir)
	require.Zero(t, code)
	code, two, _ := verifyWith(t, "-digest", dir, dir)
	require.Zero(t, code)
	require.NotEqual(t, one, two)
}

// TestRounding: precision bf16 is measured against bfloat16 elsewhere, f32 is
// not.
func TestRounding(t *testing.T) {
	dir := shared.Path(t, "fixtures", "models", "mathprm")
	code, stdout, stderr := verifyWith(t, "-precision", "bf16", dir)
	require.Zero(t, code, stderr)
	require.Regexp(t, `(?m)^  all rows: \d.\de-\d\d from float64 \(rms\); bfloat16 eager .*, sdpa .*: 0\.[3-6]\d of the better$`, stdout)
	require.Regexp(t, `geometric mean (0\.\d\d), at most 0\.70 on 1 of 1 checkpoints, largest 0\.\d\d at mathprm`, stdout)
	_, stdout, _ = verifyWith(t, dir)
	require.NotContains(t, stdout, "bfloat16 eager")
}

// TestRoundingOfFloat16: there is no record of bfloat16 to compare with.
func TestRoundingOfFloat16(t *testing.T) {
	_, stdout, _ := verifyWith(t, "-precision", "bf16", shared.Path(t, "fixtures", "models", "dtype-f16"))
	require.NotContains(t, stdout, "bfloat16 eager")
}

// TestPrintFailure: a sequence past the tolerance is printed layer by layer.
func TestPrintFailure(t *testing.T) {
	var out bytes.Buffer
	p := printer{out: &out}
	p.result(&verify.Result{Name: "m", About: "x", Refused: []string{"odd: why"}, Sequences: []verify.Sequence{{
		Name: "seq1", Tokens: 1, Wrong: []string{"ids differ"},
		Readout: []verify.Difference{{Name: "logits", Abs: 1, Rel: math.NaN(), Limit: 1e-4}},
		Hidden:  []verify.Difference{{Name: "embed", Limit: 1e-5}, {Name: "layer0", Abs: 2, Rel: 0.5, Limit: 1e-5}},
	}}})
	p.summary()
	text := out.String()
	for _, want := range []string{
		"m (x)\n", "PAST THE TOLERANCE\n    ids differ\n    embed 0.0e+00 (0.0e+00)\n    layer0 2.0e+00 (5.0e-01)  past 1e-05\n    logits 1.0e+00 (NaN)  past 1e-04\n",
		"refused: odd: why", "1 checkpoints, 1 sequences, worst readout logits 1.0e+00 (NaN) at m seq1, worst hidden state layer0",
	} {
		require.Contains(t, text, want)
	}
}
