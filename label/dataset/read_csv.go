package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// BigVul reads MSR_data_cleaned.csv of BigVul (ZeoVan/MSR_20). A row whose vul
// is 1 is a pair of func_before and func_after; a row whose vul is 0 is a
// secure function.
func BigVul(ctx context.Context, fsys fs.FS, name string) iter.Seq2[*Record, error] {
	return table(ctx, fsys, name, []string{"func_before", "func_after", "vul"}, func(at row, get func(string) string) (*Record, *Skip) {
		r := &Record{
			ID: at.id(), Project: get("project"), Commit: get("commit_id"), File: get("file_name"),
			Language: language(get("file_name"), get("lang")), CWEs: cwes(get("CWE ID")), Date: date(get("Publish Date")),
		}
		switch vulnerable, ok := parseFlag(get("vul")); {
		case !ok:
			return nil, at.skip(Malformed, "vul is "+strconv.Quote(get("vul")))
		case vulnerable:
			r.Before, r.After = []byte(get("func_before")), []byte(get("func_after"))
		default:
			r.After = []byte(get("func_before"))
		}
		return r, nil
	})
}

// LineVul reads the tables of LineVul (awsm-research/LineVul): processed_func,
// target and, for vulnerable functions, flaw_line_index, the vulnerable lines
// counted from 0 and separated by ",". All records are unpaired.
func LineVul(ctx context.Context, fsys fs.FS, name string) iter.Seq2[*Record, error] {
	return table(ctx, fsys, name, []string{"processed_func", "target"}, func(at row, get func(string) string) (*Record, *Skip) {
		r := &Record{
			ID: at.id(), Project: get("project"), Commit: get("commit_id"), File: get("file_name"),
			Language: language(get("file_name"), "c"), CWEs: cwes(get("CWE ID")),
		}
		code := []byte(get("processed_func"))
		switch vulnerable, ok := parseFlag(get("target")); {
		case !ok:
			return nil, at.skip(Malformed, "target is "+strconv.Quote(get("target")))
		case !vulnerable:
			r.After = code
			return r, nil
		}
		r.Before = code
		lines := 1 + strings.Count(string(code), "\n")
		for field := range strings.SplitSeq(get("flaw_line_index"), ",") {
			if field = strings.TrimSpace(field); field == "" || field == "nan" {
				continue
			}
			n, err := strconv.ParseFloat(field, 64) // pandas writes 3 as 3.0 in a column with gaps
			if err != nil || n != float64(int(n)) || n < 0 || int(n) >= lines {
				return nil, at.skip(Malformed, "flaw_line_index "+strconv.Quote(field))
			}
			r.Flaws = append(r.Flaws, int(n)+1)
		}
		slices.Sort(r.Flaws)
		r.Flaws = slices.Compact(r.Flaws)
		return r, nil
	})
}

// table reads a CSV file whose first row names its columns.
func table(ctx context.Context, fsys fs.FS, name string, want []string, record func(row, func(string) string) (*Record, *Skip)) iter.Seq2[*Record, error] {
	return whole(ctx, func(yield func(*Record, error) bool) {
		f, err := open(fsys, name)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		c := newCSVReader(f)
		header, _, _, bad, err := c.next()
		if bad != "" {
			err = errors.New(bad)
		}
		if err != nil {
			yield(nil, fmt.Errorf("%w: %s: first row: %w", ErrFormat, name, err))
			return
		}
		columns := map[string]int{}
		for i, column := range header {
			columns[column] = i
		}
		for _, column := range want {
			if _, ok := columns[column]; !ok {
				yield(nil, fmt.Errorf("%w: %s: no column %q", ErrFormat, name, column))
				return
			}
		}
		for ctx.Err() == nil {
			fields, line, offset, bad, err := c.next()
			at := row{file: name, line: line, offset: offset}
			var r *Record
			var skip *Skip
			switch {
			case err == io.EOF:
				return
			case err != nil:
				yield(nil, at.readError(err))
				return
			case bad == TooLong:
				skip = at.skip(TooLong, fmt.Sprintf("%d bytes", c.size))
			case bad != "":
				skip = at.skip(Malformed, bad)
			case len(fields) != len(header):
				skip = at.skip(Malformed, fmt.Sprintf("%d fields, want %d", len(fields), len(header)))
			default:
				r, skip = record(at, func(column string) string {
					if i, ok := columns[column]; ok {
						return fields[i]
					}
					return ""
				})
			}
			if !at.give(r, skip, yield) {
				return
			}
		}
	})
}
