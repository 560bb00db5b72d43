package shared

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"testing"
)

// Rows decodes a fixture of JSON lines, compressed with gzip or not, which it
// finds as [Path] does. A fixture without lines fails the test.
func Rows[T any](t testing.TB, elem ...string) []T {
	t.Helper()
	f, err := os.Open(Path(t, elem...))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	if magic, _ := r.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = bufio.NewReaderSize(z, 1<<20)
	}
	var rows []T
	for d := json.NewDecoder(r); d.More(); {
		var row T
		if err := d.Decode(&row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		t.Fatalf("%s has no rows", f.Name())
	}
	return rows
}
