package dataset

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRecipe(t *testing.T) {
	dir := t.TempDir()
	r := &Recipe{Model: "Qwen/Qwen2.5-Coder-7B-Instruct", Train: "../train-*.jsonl.gz", Eval: "it's.jsonl"}
	require.NoError(t, r.Write(dir))
	all := tree(t, dir)
	require.Len(t, all, 7)
	require.JSONEq(t, `{"version":1,"layout":"appended","separator":"\n\n","prompt":"Determine whether the code is vulnerable or not.","segment":"paper"}`, all["seccodeprm.json"])
	want := map[string]struct {
		rate   float64
		epochs int
	}{"stage1.json": {1e-4, 3}, "stage2.json": {1e-6, 1}}
	for name, w := range want {
		var c map[string]any
		require.NoError(t, json.Unmarshal([]byte(all[name]), &c))
		require.Equal(t, w.rate, c["learning_rate"])
		require.Equal(t, float64(w.epochs), c["num_train_epochs"])
		require.Equal(t, "\n\n", c["step_separator"])
		require.Equal(t, "constant", c["lr_scheduler_type"])
		require.Equal(t, []any{0.9, 0.95, 0.1, 128000.0, true}, []any{c["adam_beta1"], c["adam_beta2"], c["weight_decay"], c["max_length"], c["bf16"]})
	}
	r.Released = true
	require.Equal(t, 5e-7, r.Stage(2).LearningRate)
	require.Contains(t, all["requirements.txt"], "trl==1.13.0")
	require.Contains(t, all["zero2.yaml"], "zero_stage: 2")
	require.Contains(t, all["zero2.yaml"], "num_processes: 4")
	require.Contains(t, all["train.sh"], `--step_separator $'\n\n'`)
	for _, bad := range []*Recipe{{}, {Model: "m"}, {Model: "m", Train: "t", GPUs: -1}} {
		require.ErrorIs(t, bad.Write(dir), ErrRule)
	}
}

// The shell passes the arguments that the recipe means.
func TestQuotes(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	for _, word := range []string{"\n\n", `\n\n`, "it's", "a b", "\t'\\\r", "$HOME `x`", "ки"} {
		for _, quoted := range []string{quote(word), ansiQuote(word)} {
			out, err := exec.Command(bash, "-c", "printf %s "+quoted+"; printf .").Output()
			require.NoError(t, err)
			require.Equal(t, word, strings.TrimSuffix(string(out), "."))
		}
	}
}
