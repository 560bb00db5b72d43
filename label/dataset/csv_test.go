package dataset

import (
	"encoding/csv"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every byte of a quoted field is kept, as Python reads it.
func TestCSVKeepsBytes(t *testing.T) {
	data, err := os.ReadFile("testdata/crlf.csv")
	require.NoError(t, err)
	all, skips, err := readAll(t, BigVul, map[string]string{"b.csv": string(data)}, "b.csv")
	require.NoError(t, err)
	require.Empty(t, skips)
	require.Equal(t, "int f(void)\r\n{\r\n\r\n\tint x;\r\n\r\n}", string(all[0].Before))
	require.Equal(t, "int f(void)\r\n{\r\n\treturn 1;\r\n}", string(all[0].After))

	all, _, err = readAll(t, LineVul, map[string]string{"l.csv": "\ufeff\"processed_func\",target\r\n\"a\r\nb\rc\r\",1.0\r\n\r\n\"d\r\n\",False\r\n"}, "l.csv")
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "a\r\nb\rc\r", string(all[0].Before))
	require.Equal(t, "d\r\n", string(all[1].After))
}

// Where no quoted field holds a CR LF, the reader agrees with encoding/csv on
// fields, lines and which records are refused.
func TestCSVAgrees(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	parts := []string{"a", "\"", "\"\"", ",", "\n", "\r\n", "\"b\"", "\"c,\n\"", ",\"", "\",", "\r", "é"}
	for range 10000 {
		var b strings.Builder
		for range r.IntN(12) {
			b.WriteString(parts[r.IntN(len(parts))])
		}
		text := b.String()
		want := csv.NewReader(strings.NewReader(text))
		want.FieldsPerRecord = -1
		got := newCSVReader(strings.NewReader(text))
		for {
			offset := want.InputOffset()
			fields, err := want.Read()
			mine, line, at, bad, mineErr := got.next()
			if err == io.EOF {
				require.Equal(t, io.EOF, mineErr, "%q", text)
				break
			}
			require.NoError(t, mineErr, "%q", text)
			require.Equal(t, err != nil, bad != "", "%q: %v, %q", text, err, bad)
			if err != nil {
				require.Equal(t, err.(*csv.ParseError).StartLine, line, "%q", text)
				continue
			}
			first, _ := want.FieldPos(0)
			require.Equal(t, first, line, "%q", text)
			require.LessOrEqual(t, offset, at)
			for i := range mine {
				mine[i] = strings.ReplaceAll(mine[i], "\r\n", "\n")
			}
			require.Equal(t, fields, mine, "%q", text)
		}
	}
}

// A record that is too long, such as one whose quote never ends, costs that
// record.
func TestCSVTooLong(t *testing.T) {
	text := "func_before,func_after,vul\n\"" + strings.Repeat(strings.Repeat("x", 1023)+"\n", MaxRow>>10) + "\",b,1\nc,d,1\n"
	all, skips, err := readAll(t, BigVul, map[string]string{"b.csv": text}, "b.csv")
	require.NoError(t, err)
	require.Equal(t, []string{"2 too long"}, skips)
	require.Len(t, all, 1)
}
