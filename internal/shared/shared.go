// Package shared finds the reference outputs that tests compare against:
// checkpoints with what transformers computes of them, texts with the ids that
// tokenizers gives. Ask for a file or a folder with [Path]:
//
//	dir := shared.Path(t, "fixtures", "models", "tokcls-base")
//
// Three checkpoints and some of the tokenizer's rows are committed below
// testdata; its README says where they come from. The whole set is too large
// for this repository. Where it is present, it is used instead. A test that
// asks for what only the whole set has is skipped elsewhere.
//
// # Errors
//
// With the environment variable SECCODEPRM_SHARED set to the folder of the
// whole set, a missing file is a failure: a complete run cannot pass by
// skipping.
package shared

import (
	"os"
	"path/filepath"
	"testing"
)

// Env names the environment variable that holds the folder of the whole set.
const Env = "SECCODEPRM_SHARED"

// Path returns the path of elem in the whole set or, where that has no such
// path, in the committed part. It skips the test if neither has it, and fails
// it if [Env] is set and the whole set does not have it.
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	name := filepath.Join(elem...)
	whole := filepath.Join(wholeSet(t), name)
	_, err := os.Stat(whole)
	if err == nil {
		return whole
	}
	if os.Getenv(Env) != "" {
		t.Fatalf("%s is set but a fixture is missing: %v", Env, err)
	}
	committed := filepath.Join(moduleRoot(t), "internal", "shared", "testdata", name)
	if _, err := os.Stat(committed); err != nil {
		t.Skipf("only the whole set of reference outputs has %s", name)
	}
	return committed
}

// Whole reports whether the whole set is present, for tests that count what
// they compared.
func Whole(t testing.TB) bool {
	t.Helper()
	_, err := os.Stat(wholeSet(t))
	return err == nil
}

// wholeSet is the folder of the whole set: $SECCODEPRM_SHARED, or the folder
// "shared" beside the module.
func wholeSet(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv(Env); dir != "" {
		return dir
	}
	return filepath.Join(moduleRoot(t), "..", "shared")
}

// moduleRoot is the folder above the test's that holds go.mod of this module.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = up
	}
}
