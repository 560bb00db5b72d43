package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"strings"
	"time"

	"seccodeprm/segment"
)

// SVEN reads the JSON lines of SVEN and SafeCoder (eth-sri/sven,
// eth-sri/SafeCoder), with func_src_before, func_src_after, vul_type,
// file_name, commit_link and func_name. All records are pairs.
func SVEN(ctx context.Context, fsys fs.FS, name string) iter.Seq2[*Record, error] {
	return each(ctx, fsys, name, func(at row) (*Record, *Skip) {
		var v struct {
			Before *string `json:"func_src_before"`
			After  *string `json:"func_src_after"`
			Type   texts   `json:"vul_type"`
			File   text    `json:"file_name"`
			Name   text    `json:"func_name"`
			Link   text    `json:"commit_link"`
		}
		if skip := at.decode(&v); skip != nil {
			return nil, skip
		}
		if v.Before == nil || v.After == nil {
			return nil, at.skip(Incomplete, "func_src_before or func_src_after")
		}
		project, commit, _ := strings.Cut(string(v.Link), "/commit/")
		return &Record{
			ID: at.id(), Project: project, Commit: commit, File: string(v.File), Function: string(v.Name),
			Language: language(string(v.File), ""), CWEs: cwes(v.Type...), Before: []byte(*v.Before), After: []byte(*v.After),
		}, nil
	})
}

// primevul is a row of PrimeVul.
type primevul struct {
	Project text
	Commit  text `json:"commit_id"`
	Target  *flag
	Func    *string
	File    text `json:"file_name"`
	CWE     texts
	Date    text `json:"commit_date"`
}

// record makes an unpaired record of a row.
func (v *primevul) record(at row) (*Record, *Skip) {
	if v.Func == nil || v.Target == nil {
		return nil, at.skip(Incomplete, "func or target")
	}
	r := &Record{
		ID: at.id(), Project: string(v.Project), Commit: string(v.Commit), File: string(v.File),
		Language: language(string(v.File), "c"), CWEs: cwes(v.CWE...), Date: date(string(v.Date)),
	}
	if *v.Target {
		r.Before = []byte(*v.Func)
	} else {
		r.After = []byte(*v.Func)
	}
	return r, nil
}

// PrimeVul reads the unpaired JSON lines of PrimeVul (DLVulDet/PrimeVul), with
// func, target (1 for vulnerable), project, commit_id and cwe.
func PrimeVul(ctx context.Context, fsys fs.FS, name string) iter.Seq2[*Record, error] {
	return each(ctx, fsys, name, func(at row) (*Record, *Skip) {
		var v primevul
		if skip := at.decode(&v); skip != nil {
			return nil, skip
		}
		return v.record(at)
	})
}

// PrimeVulPaired reads the paired rows of PrimeVul, in which a fix follows its
// vulnerable function. Two rows are a pair only if they are neighbours of the
// same commit with targets 1 and 0. The released pipeline looks partners up by
// commit instead, which pairs the wrong functions if a commit fixes several,
// and finds every pair twice. A row without a partner is skipped as Incomplete.
func PrimeVulPaired(ctx context.Context, fsys fs.FS, name string) iter.Seq2[*Record, error] {
	return whole(ctx, func(yield func(*Record, error) bool) {
		var open *Record
		var openAt row
		lone := func() bool {
			if open == nil {
				return true
			}
			skip := openAt.skip(Incomplete, "no partner in the next row")
			open = nil
			return yield(nil, skip)
		}
		for at, err := range lines(ctx, fsys, name) {
			var v primevul
			var r *Record
			var skip *Skip
			if err != nil && !errors.As(err, &skip) {
				yield(nil, err)
				return
			}
			if err == nil {
				if skip = at.decode(&v); skip == nil {
					r, skip = v.record(at)
				}
				if skip != nil {
					err = skip
				}
			}
			switch {
			case err != nil:
				if !lone() || !yield(nil, err) {
					return
				}
			case r.Before != nil:
				if !lone() {
					return
				}
				open, openAt = r, at
				openAt.text = nil
			case open == nil || open.Commit != r.Commit || open.Project != r.Project:
				if !lone() || !yield(nil, at.skip(Incomplete, "no partner in the row before")) {
					return
				}
			default:
				open.After = r.After
				pair := open
				open = nil
				if !openAt.give(pair, nil, yield) {
					return
				}
			}
		}
		lone()
	})
}

// Devign reads the JSON lines that Devign, CodeXGLUE, ReGVD and VulBERTa share,
// with func, target (1 for vulnerable), project and commit_id. The language is
// C.
func Devign(ctx context.Context, fsys fs.FS, name string) iter.Seq2[*Record, error] {
	return PrimeVul(ctx, fsys, name)
}

// ReposVul reads the JSON lines of ReposVul (Eshe0922/ReposVul), each of one
// commit. Its details are the changed files before (code_before) and after
// (code) the fix. Each file is a pair. A file whose name is not one of code is
// skipped as NotCode, and one whose target is not 1, which the authors found to
// be no part of the fix, is Unrelated.
func ReposVul(ctx context.Context, fsys fs.FS, name string) iter.Seq2[*Record, error] {
	return whole(ctx, func(yield func(*Record, error) bool) {
		for at, err := range lines(ctx, fsys, name) {
			var v struct {
				CWE      texts `json:"cwe_id"`
				Commit   text  `json:"commit_id"`
				Project  text
				Date     text `json:"commit_date"`
				Language text `json:"cve_language"`
				Details  []reposVulFile
			}
			if err == nil {
				if skip := at.decode(&v); skip != nil {
					err = skip
				} else if len(v.Details) == 0 {
					err = at.skip(Incomplete, "details")
				}
			}
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			for i, d := range v.Details {
				r := &Record{
					ID: fmt.Sprintf("%s:%d", at.id(), i), Project: string(v.Project), Commit: string(v.Commit), File: string(d.File),
					CWEs: cwes(v.CWE...), Date: date(string(v.Date)),
				}
				if !at.give(r, d.fill(at, r, string(v.Language)), yield) {
					return
				}
			}
		}
	})
}

// reposVulFile is a changed file of a commit.
type reposVulFile struct {
	Before   *string `json:"code_before"`
	After    *string `json:"code"`
	File     text    `json:"file_path"`
	Language text    `json:"file_language"`
	Target   text
}

// fill sets the sides of a record and its language. Only if nothing is known of
// the file, it takes the CVE's language.
func (d *reposVulFile) fill(at row, r *Record, cve string) *Skip {
	r.Language = language(r.File, string(d.Language))
	if r.File == "" && d.Language == "" {
		r.Language = language("", cve)
	}
	if d.Target != "" {
		related, ok := parseFlag(string(d.Target))
		r.Unrelated = !related || !ok
	}
	switch {
	case d.Before == nil || d.After == nil:
		return at.skip(Incomplete, "code_before or code")
	case r.Language == segment.Unknown:
		return at.skip(NotCode, r.File)
	}
	r.Before, r.After = []byte(*d.Before), []byte(*d.After)
	return nil
}

// PreciseBugs reads a folder of SophieHYe/PreciseBugs. It contains a folder for
// each CVE with a BugEntry.json: the lists buggy_code, fixing_code and
// filenames, of equal length, and type, the CWE. A file whose name is not one of
// code is skipped as NotCode.
func PreciseBugs(ctx context.Context, fsys fs.FS, name string) iter.Seq2[*Record, error] {
	return files(ctx, fsys, name, func(file string, data []byte, yield func(*Record, *Skip) bool) bool {
		if path.Base(file) != "BugEntry.json" {
			return true
		}
		at := row{file: file, text: data}
		var v struct {
			Before texts `json:"buggy_code"`
			After  texts `json:"fixing_code"`
			Files  texts `json:"filenames"`
			Type   texts
		}
		if skip := at.decode(&v); skip != nil {
			return yield(nil, skip)
		}
		if len(v.Before) == 0 || len(v.Before) != len(v.After) {
			return yield(nil, at.skip(Incomplete, fmt.Sprintf("%d sides before, %d after", len(v.Before), len(v.After))))
		}
		for i := range v.Before {
			r := &Record{
				ID: fmt.Sprintf("%s:%d", file, i), Commit: path.Base(path.Dir(file)), CWEs: cwes(v.Type...),
				Before: []byte(v.Before[i]), After: []byte(v.After[i]),
			}
			var skip *Skip
			if i < len(v.Files) {
				r.File, r.Language = v.Files[i], language(v.Files[i], "")
				if r.File != "" && r.Language == segment.Unknown {
					skip = at.skip(NotCode, r.File)
				}
			}
			if !yield(r, skip) {
				return false
			}
		}
		return true
	})
}

// date reads a date in any format that the data sets use. Anything else is the
// zero time.
func date(text string) time.Time {
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04Z", "2006-01-02 15:04:05", "2006-01-02", "2006/1/2", "1/2/2006",
		"2006-01-02 15:04:05 -0700", "Mon Jan _2 15:04:05 2006 -0700", "Mon, _2 Jan 2006 15:04:05 -0700", // of git
	} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
