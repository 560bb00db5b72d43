package dataset

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// files lists the files of records.
func filesOf(all []*Record) (files []string) {
	for _, r := range all {
		files = append(files, r.File)
	}
	return files
}

// The names that git ls-files gives, whatever the prefixes.
func TestGitPaths(t *testing.T) {
	want := []string{"b/x.c", "crlf.c", "new name.c", "noeol.c", "src/naïve.c", `src/ta"b.c`, "src/with space.c"}
	data, err := os.ReadFile("testdata/paths.diff")
	require.NoError(t, err)
	mnemonic, err := os.ReadFile("testdata/mnemonic.diff")
	require.NoError(t, err)
	custom := strings.NewReplacer(" a/", " old/tree/", " b/", " new/tree/", `"a/`, `"old/tree/`, `"b/`, `"new/tree/`).Replace(string(data))
	reversed := strings.NewReplacer("--- a/", "--- b/", `--- "a/`, `--- "b/`, "+++ b/", "+++ a/", `+++ "b/`, `+++ "a/`).Replace(string(data))
	for name, text := range map[string]string{"default": string(data), "mnemonic": string(mnemonic), "reversed": reversed, "crlf": strings.ReplaceAll(string(data), "\n", "\r\n")} {
		all, skips, err := readAll(t, GitDiff, map[string]string{"d": text}, "d")
		require.NoError(t, err)
		require.Empty(t, skips, name)
		require.Equal(t, want, filesOf(all), name)
	}
	all, _, err := readAll(t, GitDiff, map[string]string{"d": custom}, "d")
	require.NoError(t, err)
	require.Equal(t, []string{"tree/crlf.c", "new name.c"}, filesOf(all)[1:3])
	require.Equal(t, "tree/src/naïve.c", all[4].File)

	all, _, err = readAll(t, GitDiff, map[string]string{"d": string(data)}, "d")
	require.NoError(t, err)
	require.Equal(t, "9026117c175c0d8e46b5631d8a3546715a477df0", all[0].Commit, "not the commit that the message names")

	for _, c := range []struct{ header, want string }{
		{"--- b/x.c\n+++ b/x.c\n", "b/x.c"}, // diff.noprefix
		{"--- x.c\n+++ x.c\n", "x.c"},
		{"--- a/x.c\n+++ b/x.c\n", "x.c"},
		{"--- a/b/a/x.c\n+++ b/b/a/x.c\n", "b/a/x.c"},
		{"rename from a/x.c\nrename to b/x.c\n--- a/x.c\n+++ b/x.c\n", "b/x.c"},
		{"copy from x.c\ncopy to d/y.c\n--- a/x.c\n+++ b/d/y.c\n", "d/y.c"},
		{"--- x.c.orig\t2024-01-02 03:04:05.6 +0000\n+++ x.c\t2024-01-02 03:04:06.7 +0000\n", "x.c"},
		{"diff -ruN old/src/x.c new/src/x.c\n--- old/src/x.c\t2024\n+++ new/src/x.c\t2024\n", "src/x.c"},
		{"Index: x.c\n=====\n--- x.c\t(revision 1)\n+++ x.c\t(working copy)\n", "x.c"},
		{`--- "a/\a\b\t\n\v\f\r\\\"\303\251.c"` + "\n" + `+++ "b/\a\b\t\n\v\f\r\\\"\303\251.c"` + "\n", "\a\b\t\n\v\f\r\\\"é.c"},
	} {
		all, skips, err := readAll(t, GitDiff, map[string]string{"d": c.header + "@@ -1 +1 @@\n-a\n+b\n"}, "d")
		require.NoError(t, err)
		require.Empty(t, skips)
		require.Equal(t, []string{c.want}, filesOf(all), c.header)
	}
}

// Every hunk of a diff in another form is a record or a skip, and a text
// without a diff an error.
func TestGitForms(t *testing.T) {
	const hunk = "@@ -1,2 +1,2 @@\n-gets(b);\n+fgets(b);\n x\n"
	read := func(text string) ([]*Record, []string) {
		all, skips, err := readAll(t, GitDiff, map[string]string{"d": text}, "d")
		require.NoError(t, err)
		return all, skips
	}

	all, skips := read("commit 9026117c175c0d8e46b5631d8a3546715a477df0\nMerge: 1111111 2222222\nAuthor: a\n\n    m\n\n" +
		"diff --cc x.c\nindex 1,2..3\n--- a/x.c\n+++ b/x.c\n@@@ -1,3 -1,3 +1,4 @@@ int f()\n  a\n- b\n -c\n++++ b/fake.c\n++d\n  \n" +
		"@@@ -20 -20 +20 @@@\n--gone\n++new\ndiff --cc README.md\n--- a/README.md\n+++ b/README.md\n@@@ -1 -1 +1 @@@\n- a\n -b\n++c\n" +
		"diff --git a/y.c b/y.c\n--- a/y.c\n+++ b/y.c\n" + hunk)
	require.Equal(t, []string{"11 combined diff", "18 combined diff"}, skips)
	require.Equal(t, []string{"y.c"}, filesOf(all))
	require.Equal(t, "9026117c175c0d8e46b5631d8a3546715a477df0", all[0].Commit)

	const e = "\x1b["
	all, skips = read(e + "33mcommit 9026117c175c0d8e46b5631d8a3546715a477df0" + e + "m\nAuthor: a\n\n    m\n\n" +
		e + "1mdiff --git a/x.c b/x.c" + e + "m\n" + e + "1mindex 1..2 100644" + e + "m\n" + e + "1m--- a/x.c" + e + "m\n" + e + "1m+++ b/x.c" + e + "m\n" +
		e + "36m@@ -1,2 +1,2 @@" + e + "m int f()\n" + e + "31m-gets(b);" + e + "m\n" + e + "32m+" + e + "m" + e + "32mfgets(b);" + e + "m" + e + "41m " + e + "m\n x\n")
	require.Empty(t, skips)
	require.Len(t, all, 1)
	require.Equal(t, "gets(b);\nx\n", string(all[0].Before))
	require.Equal(t, "fgets(b); \nx\n", string(all[0].After))
	require.Equal(t, " int f()", " "+all[0].Function)
	require.Equal(t, "9026117c175c0d8e46b5631d8a3546715a477df0", all[0].Commit)

	// Without colours, an escape is part of the code.
	all, _ = read("--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-p(\"" + e + "31m\");\n+p();\n")
	require.Equal(t, "p(\""+e+"31m\");\n", string(all[0].Before))

	mail := "From 9026117c175c0d8e46b5631d8a3546715a477df0 Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\nDate: Fri, 27 Nov 2026 22:24:40 +0100\nSubject: [PATCH] two\n\n" +
		"commit deadbeef\nbroke it.\nDate: of the prose\n---\n x.c | 2 +-\n\ndiff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n" + hunk + "-- \n2.39.0\n\n"
	all, skips = read(mail + strings.Replace(mail, "9026117c", "aaaaaaaa", 1))
	require.Empty(t, skips)
	require.Len(t, all, 2)
	require.Equal(t, "9026117c175c0d8e46b5631d8a3546715a477df0", all[0].Commit)
	require.Equal(t, "aaaaaaaa175c0d8e46b5631d8a3546715a477df0", all[1].Commit)
	require.Equal(t, time.Date(2026, 11, 27, 21, 24, 40, 0, time.UTC), all[1].Date)
	_, skips = read(strings.Replace(mail, "Subject:", "Content-Transfer-Encoding: quoted-printable\nSubject:", 1))
	require.Equal(t, []string{"16 malformed"}, skips)

	all, _ = read("commit 9026117c175c0d8e46b5631d8a3546715a477df0 (HEAD -> main)\nAuthor: a\nDate:   Fri Nov 27 22:24:40 2026 +0100\n\n    m\n\ndiff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n" + hunk)
	require.Equal(t, time.Date(2026, 11, 27, 21, 24, 40, 0, time.UTC), all[0].Date)

	all, skips = read("diff --git a/x.c b/x.c\ndeleted file mode 100644\n--- a/x.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n" +
		"*** x.c\t2024\n--- y.c\t2024\n***************\n*** 1,2 ****\n! a\n  b\n--- 1,2 ----\n! c\n  b\n")
	require.Empty(t, all)
	require.Equal(t, []string{"5 field missing", "9 malformed"}, skips)
	_, skips = read(hunk + "--- a/x.c\n+++ b/x.c\n" + hunk)
	require.Equal(t, []string{"1 field missing"}, skips)
	_, skips = read("--- a/x.c\n+++ b/x.c\n@@ -1,99999999999999999999 +1 @@\n-a\n+b\n")
	require.Equal(t, []string{"3 malformed"}, skips)

	for _, text := range []string{"commit 9026117c175c0d8e46b5631d8a3546715a477df0\nAuthor: a\n\n    no patch\n", "3c3\n< a\n---\n> b\n", "| diff --git a/x.c b/x.c\n"} {
		_, _, err := readAll(t, GitDiff, map[string]string{"d": text}, "d")
		require.ErrorIs(t, err, ErrFormat, text)
	}
	_, skips = read("\n \n")
	require.Empty(t, skips)
	_, skips = read("diff --git a/x.png b/x.png\nBinary files a/x.png and b/x.png differ\n")
	require.Empty(t, skips)
}
