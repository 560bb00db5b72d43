package dataset

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"seccodeprm/segment"
)

// fsOf returns a file system of the named texts.
func fsOf(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// readAll reads a source and lists its skips as "line reason".
func readAll(t testing.TB, read Reader, files map[string]string, name string) (all []*Record, skips []string, last error) {
	t.Helper()
	for r, err := range read(t.Context(), fsOf(files), name) {
		require.NoError(t, last, "nothing follows an error")
		var skip *Skip
		switch {
		case errors.As(err, &skip):
			skips = append(skips, fmt.Sprintf("%d %s", skip.Line, skip.Reason))
			if skip.Line > 0 {
				text := files[skip.File]
				lines := strings.SplitAfter(text, "\n")
				require.Equal(t, int64(len(strings.Join(lines[:skip.Line-1], ""))), skip.Offset, "offset of line %d", skip.Line)
			}
			require.Contains(t, skip.Error(), skip.Reason)
		case err != nil:
			last = err
		default:
			require.Empty(t, r.check())
			all = append(all, r)
		}
	}
	return all, skips, last
}

func TestSVEN(t *testing.T) {
	all, skips, err := readAll(t, SVEN, map[string]string{"a.jsonl": "\ufeff" + `{"func_name":"f","func_src_before":"a\u2028\u0000b","func_src_after":"c","vul_type":"cwe-089","file_name":"x/y.py","commit_link":"github.com/o/r/commit/abc"}` + "\n\n" +
		"{broken\n" +
		`{"func_src_before":"a"}` + "\n" +
		`{"func_src_before":"a","func_src_after":" \n"}` + "\n" +
		"{\"func_src_before\":\"\xff\",\"func_src_after\":\"b\"}\n" +
		`{"func_src_before":1,"func_src_after":"b"}` + "\n" +
		`{"func_src_before":"last","func_src_after":"without newline"}`}, "a.jsonl")
	require.NoError(t, err)
	require.Equal(t, []string{"3 malformed", "4 field missing", "5 empty code", "6 not UTF-8", "7 malformed"}, skips)
	require.Len(t, all, 2)
	require.Equal(t, &Record{
		ID: "a.jsonl:1", Project: "github.com/o/r", Commit: "abc", File: "x/y.py", Function: "f",
		Language: segment.Python, CWEs: []string{"CWE-89"}, Before: []byte("a\u2028\x00b"), After: []byte("c"),
	}, all[0])
	require.Equal(t, "a.jsonl:8", all[1].ID)
}

func TestPrimeVul(t *testing.T) {
	row := func(target int, commit, fn string) string {
		return fmt.Sprintf(`{"project":"p","commit_id":%q,"target":%d,"func":%q,"cwe":["CWE-787"],"idx":1}`, commit, target, fn) + "\n"
	}
	files := map[string]string{"p.jsonl": row(1, "c1", "v1") + row(0, "c1", "s1") + row(1, "c2", "lone") + row(1, "c3", "v3") + row(0, "c4", "other") +
		row(0, "c5", "alone") + "{}\n" + row(1, "c6", "v6") + row(0, "c6", "s6") + row(2, "c7", "x") + row(1, "c8", "end")}
	all, skips, err := readAll(t, PrimeVulPaired, files, "p.jsonl")
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "v1", string(all[0].Before))
	require.Equal(t, "s1", string(all[0].After))
	require.Equal(t, "s6", string(all[1].After))
	require.Equal(t, []string{"3 field missing", "4 field missing", "5 field missing", "6 field missing", "7 field missing", "10 malformed", "11 field missing"}, skips)

	all, skips, err = readAll(t, PrimeVul, files, "p.jsonl")
	require.NoError(t, err)
	require.Len(t, all, 9)
	require.Equal(t, []string{"7 field missing", "10 malformed"}, skips)
	require.Nil(t, all[0].After)
	require.Nil(t, all[1].Before)
	require.Equal(t, segment.C, all[0].Language)

	all, _, err = readAll(t, Devign, map[string]string{"d.jsonl": `{"project":"qemu","commit_id":"x","target":0,"func":"f","idx":3}`}, "d.jsonl")
	require.NoError(t, err)
	require.Equal(t, "f", string(all[0].After))
}

func TestReposVulAndPreciseBugs(t *testing.T) {
	all, skips, err := readAll(t, ReposVul, map[string]string{"r.jsonl": `{"cwe_id":["CWE-20","NVD-CWE-Other","CWE-3"],"commit_id":"c","project":"p","commit_date":"2021-03-04","details":[{"file_path":"a.c","code_before":"x","code":"y"},{"file_path":"b.c","code_before":"x"}]}` + "\n{\"details\":[]}\n"}, "r.jsonl")
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, []string{"CWE-3", "CWE-20", "NVD-CWE-Other"}, all[0].CWEs)
	require.Equal(t, time.Date(2021, 3, 4, 0, 0, 0, 0, time.UTC), all[0].Date)
	require.Equal(t, []string{"1 field missing", "2 field missing"}, skips)

	all, skips, err = readAll(t, PreciseBugs, map[string]string{
		"CVEs/CVE-1/BugEntry.json": `{"buggy_code":["a","b"],"fixing_code":["c","d"],"filenames":["x.go","y.go"],"type":"CWE-20"}`,
		"CVEs/CVE-1/loc.txt":       "no",
		"CVEs/CVE-2/BugEntry.json": `{"buggy_code":["a"],"fixing_code":[]}`,
		"CVEs/CVE-3/BugEntry.json": `{`,
		"CVEs/CVE-4/BugEntry.json": `{"buggy_code":["a","b"],"fixing_code":["c","d"],"filenames":["NEWS.md"]}`,
	}, "CVEs")
	require.NoError(t, err)
	require.Len(t, all, 3)
	require.Equal(t, segment.Go, all[1].Language)
	require.Equal(t, "CVE-1", all[1].Commit)
	require.Equal(t, "b", string(all[2].Before), "a file without a name")
	require.Equal(t, []string{"0 field missing", "0 malformed", "0 not code"}, skips)
}

func TestTables(t *testing.T) {
	all, skips, err := readAll(t, BigVul, map[string]string{"b.csv": ",CWE ID,commit_id,project,func_before,func_after,vul,lang\n" +
		"0,CWE-119,c,p,\"int f()\n{\n  \"\"a\"\";\n}\",\"int f()\n{}\",1,C\n" +
		"1,,c,p,int g(),int g(),0,C\n" +
		"2,,c,p,x,y,maybe,C\n" +
		"3,too,few\n"}, "b.csv")
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "int f()\n{\n  \"a\";\n}", string(all[0].Before))
	require.Equal(t, "b.csv:2", all[0].ID)
	require.Nil(t, all[1].Before)
	require.Equal(t, []string{"8 malformed", "9 malformed"}, skips)

	all, skips, err = readAll(t, LineVul, map[string]string{"l.csv": "processed_func,target,flaw_line,flaw_line_index\n" +
		"\"a\nb\nc\",1,b/~/c,\"2,1\"\nd,0,,\ne,1,,nan\nf,1,f,0.0\ng,1,g,7\n"}, "l.csv")
	require.NoError(t, err)
	require.Len(t, all, 4)
	require.Equal(t, []int{2, 3}, all[0].Flaws)
	require.Nil(t, all[2].Flaws)
	require.Equal(t, []int{1}, all[3].Flaws)
	require.Equal(t, []string{"8 malformed"}, skips)

	for _, text := range []string{"", "func_before,vul\n"} {
		_, _, err = readAll(t, BigVul, map[string]string{"b.csv": text}, "b.csv")
		require.ErrorIs(t, err, ErrFormat)
	}
	_, skips, err = readAll(t, BigVul, map[string]string{"b.csv": "func_before,func_after,vul\n\"a\"b,c,0\n"}, "b.csv")
	require.NoError(t, err)
	require.Equal(t, []string{"2 malformed"}, skips)
}

func TestDirectories(t *testing.T) {
	files := map[string]string{
		"d/before/a.c": "x", "d/after/a.c": "y", "d/before/sub/b.py": "only before", "d/after/c.go": "only after",
		"d/before/read.me": "no code", "d/after/e.c": " ",
	}
	all, skips, err := readAll(t, Directories, files, "d")
	require.NoError(t, err)
	require.Equal(t, []string{"0 empty code"}, skips)
	require.Len(t, all, 3)
	require.True(t, all[0].Paired())
	require.Equal(t, "sub/b.py", all[1].ID)
	require.Nil(t, all[1].After)
	require.Nil(t, all[2].Before)
	_, _, err = readAll(t, Directories, map[string]string{"d/before/a.c": "x"}, "d")
	require.ErrorIs(t, err, ErrFormat)
}

func TestCWEval(t *testing.T) {
	all, skips, err := readAll(t, CWEval, map[string]string{
		"core/c/cwe_022_0_c_task.c": "safe", "core/c/cwe_022_0_c_unsafe.c": "unsafe", "core/c/cwe_1_0_c_unsafe.c": "no partner",
		"core/py/cwe_020_0_task.py": "def f(x):\n    return 1\n",
		"core/py/cwe_020_0_test.py": "import x\n\ndef f_unsafe(\n    x,\n):\n    return f_unsafe(2)\n\n\ndef test():\n    f_unsafe(1)\n",
	}, "core")
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, []string{"CWE-22"}, all[0].CWEs)
	require.Equal(t, "def f(\n    x,\n):\n    return f(2)\n", string(all[1].Before))
	require.Equal(t, []string{"0 field missing"}, skips)
}

func TestAnnotated(t *testing.T) {
	all, skips, err := readAll(t, Annotated, map[string]string{
		"q/CWE-089/a.py":  "x = 1  # GOOD\ny = input() # $ Source\nz(y) # $ Alert[py/sql]\n",
		"q/b.java":        "class B {\n  // BAD: next line\n\n  int f() { return 1; }\n  int g() { return \"BAD\"; } // OK\n}\n",
		"q/c.js":          "// ok: rule\nf();\n",
		"q/d.go":          "package d\n",
		"q/e.py":          "# ruleid: a, b\nf()\ng() # $ SPURIOUS: Alert\n",
		"q/f.c":           "f(); // NON_COMPLIANT\ng(); // COMPLIANT\n",
		"q/sub/read.md":   "BAD",
		"q/sub/rule.yaml": "BAD",
	}, "q")
	require.NoError(t, err)
	require.Equal(t, []string{"0 no mark"}, skips)
	require.Len(t, all, 5)
	require.Equal(t, []int{3}, all[0].Flaws)
	require.Equal(t, []string{"CWE-89"}, all[0].CWEs)
	require.Equal(t, "x = 1\ny = input()\nz(y)\n", string(all[0].Before))
	require.Equal(t, []int{4}, all[1].Flaws)
	require.NotContains(t, string(all[1].Before), "next line")
	require.Nil(t, all[2].Before)
	require.Equal(t, []int{2}, all[3].Flaws)
	require.Equal(t, []int{1}, all[4].Flaws)
}

// A comment between the elements of JSX stands in braces of its own.
func TestAnnotatedElements(t *testing.T) {
	src := "export function Page(p) {\n  return (\n    <div>\n      {/* ruleid: raw-html */}\n      <p dangerouslySetInnerHTML={{ __html: p.x }} />\n" +
		"      { /* ok: raw-html\n           and more */ }\r\n      <p>{p.y}</p>\n      {x /* ruleid: a */}\n    </div>\n  );\n}\nfunction f() {\n  // ruleid: b\n}\n"
	for _, name := range []string{"q/a.tsx", "q/a.jsx", "q/a.js"} {
		all, skips, err := readAll(t, Annotated, map[string]string{name: src}, "q")
		require.NoError(t, err)
		require.Empty(t, skips)
		require.Len(t, all, 1)
		require.Equal(t, []int{5, 9, 15}, all[0].Flaws, name)
		require.Equal(t, "export function Page(p) {\n  return (\n    <div>\n\n      <p dangerouslySetInnerHTML={{ __html: p.x }} />\n"+
			"\n\n      <p>{p.y}</p>\n      {x                }\n    </div>\n  );\n}\nfunction f() {\n\n}\n", string(all[0].Before), name)
	}
}

func TestJuliet(t *testing.T) {
	all, skips, err := readAll(t, Juliet, map[string]string{
		"CWE121/CWE121_a_01.c": "#include \"std.h\"\n#ifndef OMITBAD\nvoid CWE121_a_01_bad()\n{\n#if X\n  a();\n#endif\n  /* POTENTIAL FLAW: here */\n  strcpy(a, b);\n}\n#endif /* OMITBAD */\n#ifndef OMITGOOD\nstatic void goodG2B() { strncpy(a, b, 3); }\nvoid CWE121_a_01_good() { goodG2B(); }\n#endif\n",
		"J/CWE89_x.java":       "class CWE89_x {\n  public void bad() throws Throwable {\n    /* FLAW */\n    if (x) { exec(\"}\"); }\n  }\n  private void goodG2B() {\n    ok();\n  }\n}\n",
		"J/Main.java":          "class Main { void main() {} }\n",
	}, ".")
	require.NoError(t, err)
	require.Equal(t, []string{"0 no mark"}, skips)
	require.Len(t, all, 2)
	require.Equal(t, "void name1()\n{\n#if X\n  a();\n#endif\n\n  strcpy(a, b);\n}\n", string(all[0].Before))
	require.Equal(t, []int{7}, all[0].Flaws)
	require.Equal(t, "static void name1() { strncpy(a, b, 3); }\nvoid name2() { name1(); }\n", string(all[0].After))
	require.Equal(t, "  public void name1() throws Throwable {\n\n    if (x) { exec(\"}\"); }\n  }\n", string(all[1].Before))
	require.Equal(t, []int{3}, all[1].Flaws)
	require.Equal(t, []string{"CWE-89"}, all[1].CWEs)
}

func TestGitDiff(t *testing.T) {
	all, skips, err := readAll(t, GitDiff, map[string]string{"d.diff": `commit 0123456789abcdef
Author: a
Date:   2024-05-06T07:08:09+02:00

    fix

diff --git a/x.c b/x.c
index 1..2 100644
--- a/x.c
+++ b/x.c
@@ -1,4 +1,5 @@ int f()
 a

-b
+c
+d
 e
@@ -20 +21 @@
-old
+new
\ No newline at end of file
diff --git a/new.c b/new.c
new file mode 100644
--- /dev/null
+++ b/new.c
@@ -0,0 +1 @@
+x
diff --git a/read.md b/read.md
--- a/read.md
+++ b/read.md
@@ -1 +1 @@
-x
+y
diff --git a/y.py b/y.py
--- a/y.py
+++ b/y.py
@@ -1,3 +1,3 @@
-x
diff --git a/z.py b/z.py
--- a/z.py
+++ b/z.py
@@ -1,9 +1,9 @@
-x
+y`}, "d.diff")
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "a\n\nb\ne\n", string(all[0].Before))
	require.Equal(t, "a\n\nc\nd\ne\n", string(all[0].After))
	require.Equal(t, "int f()", all[0].Function)
	require.Equal(t, "0123456789abcdef", all[0].Commit)
	require.Equal(t, time.Date(2024, 5, 6, 5, 8, 9, 0, time.UTC), all[0].Date)
	require.Equal(t, "x.c", all[1].File)
	require.Equal(t, "old\n", string(all[1].Before))
	require.Equal(t, []string{"26 field missing", "39 malformed", "42 malformed"}, skips)
}

func TestReadersEnd(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for range 3000 {
		fmt.Fprintf(z, "{\"func\":\"f%d\",\"target\":0}\n", packed.Len())
	}
	z.Close()
	whole := packed.String()
	all, _, err := readAll(t, PrimeVul, map[string]string{"a.gz": whole}, "a.gz")
	require.NoError(t, err)
	require.Len(t, all, 3000)
	_, _, err = readAll(t, PrimeVul, map[string]string{"a.gz": whole[:len(whole)/2]}, "a.gz")
	require.ErrorIs(t, err, ErrFormat)
	require.Regexp(t, `a\.gz:\d+ \(offset \d{3,}\): unexpected EOF`, err)
	_, _, err = readAll(t, PrimeVul, map[string]string{"a.gz": "no gzip"}, "a.gz")
	require.ErrorIs(t, err, ErrFormat)

	for _, name := range Formats() {
		read, err := Lookup(name)
		require.NoError(t, err)
		for _, err := range read(t.Context(), fstest.MapFS{}, "none") {
			require.Error(t, err, name)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		fsys := fsOf(map[string]string{"x/before/a.c": "a", "x/after/a.c": "b", "r": "func_before,func_after,vul,processed_func,target\na,b,1,c,1\n"})
		root := "r"
		switch name {
		case "directories", "cweval", "juliet", "annotated", "precisebugs":
			root = "x"
		}
		for _, err := range read(ctx, fsys, root) {
			require.ErrorIs(t, err, context.Canceled, name)
		}
	}
	_, err = Lookup("none")
	require.ErrorIs(t, err, ErrFormat)
}

func TestTooLong(t *testing.T) {
	long := `{"func":"` + strings.Repeat("x", MaxRow) + `","target":0}`
	all, skips, err := readAll(t, PrimeVul, map[string]string{"a": long + "\n" + `{"func":"f","target":0}`}, "a")
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, []string{"1 too long"}, skips)
}

// Any bytes in any format end in records, skips or an error.
func FuzzReaders(f *testing.F) {
	f.Add("{\"func\":\"f\",\"target\":0}\n", uint8(0))
	f.Add("diff --git a/x.c b/x.c\n+++ b/x.c\n@@ -1,2 +1 @@\n a\n-b\n", uint8(5))
	f.Add("processed_func,target,flaw_line_index\na,1,0\n", uint8(7))
	f.Add("#ifndef OMITBAD\n/* FLAW */\nbad();\n#endif\n#ifndef OMITGOOD\ngood();\n#endif\n", uint8(6))
	f.Fuzz(func(t *testing.T, text string, format uint8) {
		names := Formats()
		read, err := Lookup(names[int(format)%len(names)])
		require.NoError(t, err)
		fsys := fsOf(map[string]string{"r": text, "d/a.c": text, "d/a.java": text, "d/BugEntry.json": text, "d/before/a.py": text, "d/after/a.py": text + "x", "d/a_unsafe.py": text, "d/a_task.py": text, "d/a_test.py": text})
		rule := &Rule{}
		rule.Fix.Policy = paper
		for _, root := range []string{"r", "d"} {
			for r, err := range read(t.Context(), fsys, root) {
				if err != nil {
					continue
				}
				all, err := rule.Examples(t.Context(), r)
				var skip *Skip
				if err != nil {
					require.ErrorAs(t, err, &skip)
				}
				for _, e := range all {
					row := e.Row(Prompt)
					require.NotEmpty(t, row.Completions)
					require.Len(t, row.Labels, len(row.Completions))
				}
			}
		}
	})
}
