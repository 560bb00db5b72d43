// Package shared finds the reference fixtures that tests compare against.
//
// They are too large for this repository. A test asks for a path with
//
//	dir := shared.Path(t, "fixtures", "models", "tokcls-base")
//
// and is skipped where the fixtures are absent, unless the environment
// variable SECCODEPRM_SHARED names their folder: then a miss is a failure, so
// that a complete run cannot pass by skipping.
package shared

import (
	"os"
	"path/filepath"
	"testing"
)

// Env names the environment variable that holds the fixtures' folder.
const Env = "SECCODEPRM_SHARED"

// Path returns the path of elem below the fixtures' folder: $SECCODEPRM_SHARED,
// else the folder "shared" beside the module's root. Where the path does not
// exist it skips the test, or fails it when the variable is set.
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	root, explicit := os.Getenv(Env), true
	if root == "" {
		root, explicit = filepath.Join(moduleRoot(t), "..", "shared"), false
	}
	p := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		if explicit {
			t.Fatalf("%s is set but a fixture is missing: %v", Env, err)
		}
		t.Skipf("reference fixtures absent: %v", err)
	}
	return p
}

// moduleRoot walks up from the test's folder to the one that holds go.mod of
// the root module.
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
