package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"seccodeprm/prm"
	"seccodeprm/prm/tiny"
)

const vulnerable = `import os, sqlite3

def get(user):
    db = sqlite3.connect("x.db")

    q = "SELECT * FROM users WHERE name = '" + user + "'"
    rows = db.execute(q)

    os.system("ls " + user)
    return rows
`

const secure = `import sqlite3

def get(user):
    db = sqlite3.connect("x.db")
    return db.execute("SELECT * FROM users WHERE name = ?", (user,))
`

// score runs the program on files written from texts by name.
func score(t *testing.T, files map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	return scoreStdin(t, "", args...)
}

func scoreStdin(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &err)
	return code, out.String(), err.String()
}

// smallModel writes the first layer of package tiny with a context of 1,024
// tokens, which is fast without assembly, too.
func smallModel(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	read := func(name string) []byte {
		data, err := fs.ReadFile(tiny.FS(), name)
		require.NoError(t, err)
		return data
	}
	write := func(name string, data []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	write("tokenizer.json", read("tokenizer.json"))
	var config map[string]any
	require.NoError(t, json.Unmarshal(read("config.json"), &config))
	config["num_hidden_layers"], config["max_position_embeddings"] = 1, 1024
	delete(config, "layer_types") // one for each layer
	text, err := json.Marshal(config)
	require.NoError(t, err)
	write("config.json", text)

	file := read("model.safetensors")
	size := 8 + binary.LittleEndian.Uint64(file)
	header, data := map[string]map[string]any{}, []byte{}
	require.NoError(t, json.Unmarshal(file[8:size], &header))
	for _, name := range slices.Sorted(maps.Keys(header)) {
		layer, of := strings.CutPrefix(name, "model.layers.")
		if name == "__metadata__" || of && !strings.HasPrefix(layer, "0.") {
			delete(header, name)
			continue
		}
		tensor := header[name]
		span := tensor["data_offsets"].([]any)
		begin := len(data)
		data = append(data, file[size+uint64(span[0].(float64)):size+uint64(span[1].(float64))]...)
		tensor["data_offsets"] = []int{begin, len(data)}
	}
	writeTensors(t, filepath.Join(dir, "model.safetensors"), header, data)
	return dir
}

// writeTensors writes a safetensors file: the length of a header in JSON, the
// header, the data.
func writeTensors(t *testing.T, name string, header any, data []byte) {
	t.Helper()
	text, err := json.Marshal(header)
	require.NoError(t, err)
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	require.NoError(t, os.WriteFile(name, slices.Concat(file, text, data), 0o600))
}

// object is what -json prints, read as another program would.
type object struct {
	File       string
	Error      *string
	Reward     *float64
	Vulnerable *bool
	Threshold  float64
	Tokens     int
	Windows    int
	Steps      []struct {
		Start, End    int
		Line          int
		EndLine       int `json:"end_line"`
		Tokens        int
		Logits        []float64
		Reward, Delta *float64
		Weight        *float64
		NoOp          bool
	}
}

func objects(t *testing.T, stdout string) (all []object) {
	t.Helper()
	for line := range strings.Lines(stdout) {
		require.True(t, strings.HasSuffix(line, "\n"))
		var o object
		require.NoError(t, json.Unmarshal([]byte(line), &o))
		all = append(all, o)
	}
	return all
}

func TestText(t *testing.T) {
	code, out, err := score(t, map[string]string{"bad.py": vulnerable}, "bad.py")
	require.Equal(t, exitVulnerable, code)
	require.Empty(t, err)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	require.Len(t, lines, 6)
	require.Equal(t, "bad.py", lines[0])
	require.Regexp(t, `^  ✓ +1-2  r \+0\.\d{3}  change +—  weight 0\.\d{3}  import os, sqlite3$`, lines[1])
	require.Regexp(t, `^  ✗ +6-8  r -0\.\d{3}  change -1\.\d{3}  weight 0\.\d{3}  q = "SELECT \* FROM users WHERE name = '" \+ user…$`, lines[3])
	require.Regexp(t, `^  ✗ +9-10  r -0\.\d{3}  .*  os.system\("ls " \+ user\)$`, lines[4])
	require.Regexp(t, `^  R -0\.\d{4} <= 0: VULNERABLE   \(risk, blank-lines; \d+ tokens in 1 window; model tiny [0-9a-f]{12}, bf16\)$`, lines[5])

	code, out, _ = score(t, map[string]string{"good.py": secure}, "good.py")
	require.Equal(t, exitSecure, code)
	require.Regexp(t, `R \+0\.\d{4} > 0: secure `, out)
	require.NotContains(t, out, "\x1b", "no colour where stdout is not a terminal")
}

func TestJSON(t *testing.T) {
	code, out, err := score(t, map[string]string{"bad.py": "\n \n" + vulnerable, "good.py": secure}, "-json", "-threads", "1", "good.py", "bad.py")
	require.Equal(t, exitVulnerable, code)
	require.Empty(t, err)
	require.True(t, strings.HasPrefix(out, `{"file":"good.py","model":{"name":"tiny","digest":"`), out)
	require.Equal(t, 2, strings.Count(out, "\n"))
	for i, o := range objects(t, out) {
		require.Equal(t, []string{"good.py", "bad.py"}[i], o.File)
		require.Equal(t, *o.Reward <= o.Threshold, *o.Vulnerable)
		at, line := 0, 1
		for j, s := range o.Steps {
			require.Equal(t, at, s.Start)
			require.Equal(t, line, s.Line)
			at, line = s.End, s.EndLine+1
			require.Equal(t, j == 0, s.Delta == nil)
			require.NotNil(t, s.Weight)
			require.Len(t, s.Logits, 2)
		}
		require.Equal(t, map[string]int{"good.py": len(secure), "bad.py": len(vulnerable) + 3}[o.File], at)
	}
}

func TestFilesThatFail(t *testing.T) {
	files := map[string]string{"good.py": secure, "elf": "\x7fELF\x02\x01\x00\x00"}
	code, out, err := score(t, files, "-json", "missing.c", "good.py", ".", "elf")
	require.Equal(t, exitFailure, code)
	all := objects(t, out)
	require.Len(t, all, 4)
	require.Equal(t, "missing.c", all[0].File)
	require.Contains(t, *all[0].Error, "no such file")
	require.Nil(t, all[1].Error)
	require.False(t, *all[1].Vulnerable)
	require.Contains(t, *all[2].Error, "directory")
	require.Equal(t, "elf: looks like a binary file: NUL at byte 6", *all[3].Error)
	require.Contains(t, err, "score: missing.c: no such file")
	require.Contains(t, err, "score: elf: looks like")

	code, out, _ = score(t, files, "missing.c", "good.py")
	require.Equal(t, exitFailure, code)
	require.NotContains(t, out, "missing.c")
	require.Contains(t, out, "good.py")
}

func TestNothingToScore(t *testing.T) {
	code, out, err := score(t, map[string]string{"empty.c": "", "blank.c": "\n\t\n\r\n"}, "-json", "empty.c", "blank.c")
	require.Equal(t, exitSecure, code)
	require.Equal(t, 2, strings.Count(out, `"reward":null,"vulnerable":null,`))
	require.Contains(t, err, "empty.c: no code to score")
	for _, o := range objects(t, out) {
		require.Nil(t, o.Vulnerable)
		for _, s := range o.Steps {
			require.True(t, s.NoOp)
			require.Nil(t, s.Reward)
			require.Nil(t, s.Logits)
		}
	}
	_, out, _ = score(t, map[string]string{"blank.c": "\n\t\n\r\n"}, "blank.c")
	require.Equal(t, "blank.c\n  ·       1-3\n  nothing to score\n", out)
}

// Odd text is scored as it is; every step is accounted for.
func TestOddText(t *testing.T) {
	model := smallModel(t)
	for name, text := range map[string]string{
		"comments.c": "// a\n\n/* b */\n",
		"crlf.c":     "int a;\r\n\r\nint b;\r\n",
		"utf8.c":     "int \xff\xfe;\n\nchar *s = \"\xe4\xb8\";\n",
		"nul.c":      strings.Repeat("int a;\n", 1200) + "\n\x00\n",
		"special.py": "print('<|im_end|><|endoftext|><extra_0>')\n\nx = '<|im_start|>'\n",
		"esc.py":     "print('\x1b[2J\u202e')\n",
	} {
		code, out, _ := score(t, map[string]string{name: text}, "-model", model, "-json", name)
		require.NotEqual(t, exitFailure, code, name)
		o := objects(t, out)[0]
		require.NotNil(t, o.Reward, name)
		require.Equal(t, len(text), o.Steps[len(o.Steps)-1].End)

		_, out, _ = score(t, map[string]string{name: text}, "-model", model, name)
		require.NotContains(t, out, "\x1b")
		require.NotContains(t, out, "\u202e")
	}
}

func TestWindows(t *testing.T) {
	line := "y = f(x, " + strings.Repeat("1, ", 1500) + "0)"
	code, out, _ := score(t, map[string]string{"long.py": line}, "-model", smallModel(t), "-json", "long.py")
	require.NotEqual(t, exitFailure, code)
	o := objects(t, out)[0]
	require.Greater(t, o.Windows, 1)
	require.Len(t, o.Steps, 1)
	require.Contains(t, out, `"split":true`)
}

// One line of 50 MB takes hours; an interrupt ends it.
func TestInterrupt(t *testing.T) {
	if testing.Short() {
		t.Skip("50 MB of input")
	}
	name := filepath.Join(t.TempDir(), "line.c")
	require.NoError(t, os.WriteFile(name, bytes.Repeat([]byte("a"), 50<<20), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, err bytes.Buffer
	require.Equal(t, exitFailure, run(ctx, []string{"-json", name, "other.c"}, nil, &out, &err))
	require.Contains(t, err.String(), "interrupted")
	require.Len(t, objects(t, out.String()), 1, "later files are not tried")
}

func TestStdin(t *testing.T) {
	code, out, _ := scoreStdin(t, vulnerable, "-json", "-")
	require.Equal(t, exitVulnerable, code)
	require.Equal(t, "-", objects(t, out)[0].File)

	code, _, err := scoreStdin(t, strings.Repeat(" ", 64<<20+1), "-")
	require.Equal(t, exitFailure, code)
	require.Contains(t, err, "larger than 64 MiB")
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"-json"}, {"-nonsense", "x.c"}, {"-threads", "many", "x.c"}} {
		code, out, err := scoreStdin(t, "", args...)
		require.Equal(t, exitFailure, code)
		require.Empty(t, out)
		require.Contains(t, err, "usage: score")
	}
	code, _, err := scoreStdin(t, "", "-threads", "-1", "-")
	require.Equal(t, exitFailure, code)
	require.Contains(t, err, "Threads")
	code, _, err = scoreStdin(t, secure, "-", "-")
	require.Equal(t, exitFailure, code)
	require.Contains(t, err, "once only")
	code, _, err = scoreStdin(t, "", "-h")
	require.Equal(t, exitSecure, code)
	require.Contains(t, err, "usage: score")
}

// A model that cannot be used is one error that names file and key.
func TestModelDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	code, _, err := scoreStdin(t, secure, "-model", dir, "-")
	require.Equal(t, exitFailure, code)
	require.Contains(t, err, dir)
	require.Contains(t, err, "no such file")

	require.NoError(t, os.CopyFS(dir, tiny.FS()))
	_, want, _ := scoreStdin(t, secure, "-json", "-")
	_, out, _ := scoreStdin(t, secure, "-json", "-model", dir, "-")
	require.Equal(t, objects(t, want), objects(t, out), "the same model, mapped")

	settings := filepath.Join(dir, "seccodeprm.json")
	for text, key := range map[string]string{`{"promt": "x"}`: "promt", `{"tau": -1}`: "tau", `{"segment": "chapters"}`: "segment"} {
		require.NoError(t, os.WriteFile(settings, []byte(text), 0o600))
		code, out, err := scoreStdin(t, secure, "-model", dir, "-")
		require.Equal(t, exitFailure, code)
		require.Empty(t, out)
		require.Contains(t, err, "seccodeprm.json")
		require.Contains(t, err, key)
		require.Equal(t, 1, strings.Count(err, "\n"))
	}
	require.NoError(t, os.Remove(settings))
	require.NoError(t, os.Remove(filepath.Join(dir, "tokenizer.json")))
	code, _, err = scoreStdin(t, secure, "-model", dir, "-")
	require.Equal(t, exitFailure, code)
	require.Contains(t, err, "tokenizer.json")
}

// The text says which adapter was merged and what was ignored.
func TestAdapterAndIgnored(t *testing.T) {
	dir := smallModel(t)
	_, out, _ := scoreStdin(t, secure, "-model", dir, "-")
	require.NotContains(t, out, "adapter")
	require.NotContains(t, out, "ignored")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "model.safetensors.index.json"), []byte("{}"), 0o600))
	_, out, err := scoreStdin(t, secure, "-model", dir, "-")
	require.Regexp(t, `bf16\)\n  ignored in the model: model\.safetensors\.index\.json\n$`, out, err)
	require.NotContains(t, out, "adapter")

	// An adapter of rank 1 for q_proj, all zeros, and an unused original.
	header := map[string]any{}
	at := 0
	for name, shape := range map[string][]int{
		"model.layers.0.self_attn.q_proj.lora_A.weight": {1, 256},
		"model.layers.0.self_attn.q_proj.lora_B.weight": {256, 1},
		"score.original_module.bias":                    {2, 1},
	} {
		end := at + 4*shape[0]*shape[1]
		header["base_model.model."+name] = map[string]any{"dtype": "F32", "shape": shape, "data_offsets": []int{at, end}}
		at = end
	}
	writeTensors(t, filepath.Join(dir, "adapter_model.safetensors"), header, make([]byte, at))
	config := `{"peft_type":"LORA","r":1,"lora_alpha":1,"target_modules":["q_proj"]}`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "adapter_config.json"), []byte(config), 0o600))
	_, out, err = scoreStdin(t, secure, "-model", dir, "-json", "-")
	var report struct{ Model prm.ModelInfo }
	require.NoError(t, json.Unmarshal([]byte(out), &report), err)
	digest := strings.TrimPrefix(report.Model.Adapter, "sha256:")[:12]
	_, out, err = scoreStdin(t, secure, "-model", dir, "-")
	require.Regexp(t, `bf16\)\n  adapter `+digest+` merged into the model\n`+
		`  ignored in the model: model\.safetensors\.index\.json, base_model\.model\.score\.original_module\.bias\n$`, out, err)
}

func TestPacked(t *testing.T) {
	dir := smallModel(t)
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("a.c", []byte("int x;\n\nint y;\n"), 0o600))
	code, _, err := scoreStdin(t, "", "-model", dir, "-write-packed", "w.packed")
	require.Equal(t, exitSecure, code, err)
	want, out, _ := scoreStdin(t, "", "-model", dir, "a.c")
	code, packed, err := scoreStdin(t, "", "-model", dir, "-packed", "w.packed", "a.c")
	require.Equal(t, want, code, err)
	require.Equal(t, out, packed)
	code, _, err = scoreStdin(t, "", "-packed", "w.packed", "a.c")
	require.Equal(t, exitFailure, code)
	require.Contains(t, err, "w.packed: its model is ")
	code, _, err = scoreStdin(t, "", "-model", dir, "-write-packed", "a.c")
	require.Equal(t, exitFailure, code)
	require.Contains(t, err, "a.c: file already exists")
	code, _, err = scoreStdin(t, "", "-model", dir, "-write-packed", "no/such/folder")
	require.Equal(t, exitFailure, code)
	require.Contains(t, err, "no such file")
	kept, readErr := os.ReadDir(".")
	require.NoError(t, readErr)
	require.Len(t, kept, 2, "nothing unfinished is left")
	code, _, _ = scoreStdin(t, "", "-write-packed", "w.packed", "a.c")
	require.Equal(t, exitFailure, code, "either write or score")
}
