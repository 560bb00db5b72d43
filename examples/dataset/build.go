package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"seccodeprm/label/dataset"
	"seccodeprm/tokenizer"
)

// A build is one run of the program.
type build struct {
	options
	ctx      context.Context
	progress *progress
	encoder  *tokenizer.Encoder
	ids      []int32 // buffer
	audit    *dataset.Audit
	seen     []*dataset.Seen // for each split, the records read so far
	pictured bool
}

// A source is a file or folder of records, and its split.
type source struct {
	name  string // within the folder
	split string // "" if records are split by commit
}

// A split is where examples go.
type split struct {
	name     string
	rows     *dataset.Writer
	ids      *dataset.Writer // nil without a tokenizer
	stats    *dataset.Stats
	overlaps []dataset.Overlap // with each earlier split
	skipped  dataset.Tally
	records  int
	cut      int // labels beyond the limit on ids
}

// tokenRule lays ids out as the paper's training does.
var tokenRule = dataset.TokenRule{Separator: "\n\n", MaxLength: 128000}

// run writes all files and returns the reasons for which the audit fails.
func (b *build) run(stdout io.Writer) (failures []string, err error) {
	read, err := dataset.Lookup(b.format)
	if err != nil {
		return nil, err
	}
	dir, sources, err := find(b.in, b.format)
	if err != nil {
		return nil, err
	}
	var tokens func([]byte) int
	if b.tokenizer != nil {
		b.encoder = b.tokenizer.NewEncoder()
		tokens = func(text []byte) int {
			b.ids = b.encoder.AppendEncode(b.ids[:0], text)
			return len(b.ids)
		}
	}
	b.audit = dataset.NewAudit(tokens)
	chance := &dataset.Splitter{Key: dataset.ByCommit, Names: []string{"train", "val"}, Shares: []float64{9, 1}}
	var splits []*split
	complete := false
	defer func() { // an error does not remove what was written
		for _, s := range splits {
			if failed := s.close(complete); err == nil {
				err = failed
			}
		}
	}()
	names := chance.Names
	if sources[0].split != "" {
		names = nil
		for _, s := range sources {
			names = append(names, s.split)
		}
	}
	for i, name := range names {
		s, err := b.open(name, i, tokens)
		if err != nil {
			return nil, err
		}
		splits = append(splits, s)
		b.seen = append(b.seen, dataset.NewSeen())
	}
	// If one file holds both splits, read all of the first to compare with.
	if sources[0].split == "" {
		for r, err := range read(b.ctx, os.DirFS(dir), sources[0].name) {
			var skip *dataset.Skip
			if err != nil && !errors.As(err, &skip) {
				return nil, err
			}
			if err != nil {
				continue
			}
			if at, err := chance.Split(r); err == nil && at == 0 {
				b.seen[0].Add(r)
			}
		}
	}
	for i, src := range sources {
		for r, err := range read(b.ctx, os.DirFS(dir), src.name) {
			at := i
			if err == nil && src.split == "" {
				at, err = chance.Split(r)
			}
			if err == nil {
				err = b.record(splits, at, r)
			}
			var skip *dataset.Skip
			if errors.As(err, &skip) && !b.strict {
				splits[at].skipped.Count(skip)
			} else if err != nil {
				return nil, err
			}
			b.progress.show(func() string { return splits[at].line() })
		}
	}
	if !slices.ContainsFunc(splits, func(s *split) bool { return s.records > 0 }) {
		why := fmt.Sprintf("no records in %s", b.in)
		for _, s := range splits {
			if len(s.skipped) > 0 {
				why += fmt.Sprintf("; %s: skipped: %s", s.name, s.skipped)
			}
		}
		return nil, errors.New(why)
	}
	complete = true
	return b.summary(stdout, splits)
}

// find returns the sources of -in and their folder: the files of a folder if
// the format has rows, otherwise the folder or file itself.
func find(in, format string) (dir string, sources []source, err error) {
	info, err := os.Stat(in)
	if err != nil {
		return "", nil, err
	}
	alone := []source{{name: filepath.Base(in)}}
	if !info.IsDir() {
		return filepath.Dir(in), alone, nil
	}
	switch format {
	case "precisebugs", "cweval", "juliet", "annotated", "directories":
		return in, []source{{name: "."}}, nil
	}
	entries, err := os.ReadDir(in)
	if err != nil {
		return "", nil, err
	}
	for _, e := range entries {
		stem, ext, _ := strings.Cut(e.Name(), ".")
		if e.Type().IsRegular() && slices.Contains([]string{"jsonl", "jsonl.gz", "csv", "csv.gz"}, ext) {
			sources = append(sources, source{e.Name(), stem})
		}
	}
	if len(sources) == 0 {
		return "", nil, fmt.Errorf("%s: no .jsonl or .csv files", in)
	}
	// train first: later splits are compared with earlier ones.
	slices.SortStableFunc(sources, func(a, b source) int {
		return boolInt(b.split == "train") - boolInt(a.split == "train")
	})
	return in, sources, nil
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// open prepares a split. before is the number of earlier splits.
func (b *build) open(name string, before int, tokens func([]byte) int) (*split, error) {
	s := &split{name: name, stats: &dataset.Stats{Tokens: tokens}, skipped: dataset.Tally{}, overlaps: make([]dataset.Overlap, before)}
	opt := dataset.WriterOptions{
		Name: name, Rows: b.shard, Gzip: b.gzip,
		Recipe: fmt.Sprintf("%s: %s, clean=%t, prompt %q", b.format, b.rule.Name(), b.clean, dataset.Prompt),
	}
	var err error
	if s.rows, err = dataset.NewWriter(b.out, opt); err != nil {
		return nil, err
	}
	if b.tokenizer != nil {
		opt.Name = "ids-" + name
		if s.ids, err = dataset.NewWriter(b.out, opt); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// record labels a record and writes its examples.
func (b *build) record(splits []*split, at int, r *dataset.Record) error {
	s := splits[at]
	clean := true
	for i := range s.overlaps {
		clean = b.seen[i].Compare(r, &s.overlaps[i]) && clean
	}
	repeated := b.seen[at].Duplicate(r)
	b.seen[at].Add(r)
	if b.clean && (!clean || repeated != "" && repeated != r.ID) {
		return &dataset.Skip{File: r.ID, Reason: dataset.Duplicate}
	}
	all, err := b.rule.Examples(b.ctx, r)
	if err != nil {
		return err
	}
	s.records++
	for _, e := range all {
		s.stats.Add(e)
		if at == 0 {
			b.audit.Train(e)
		} else {
			b.audit.Test(e)
		}
		row := e.Row(dataset.Prompt)
		if err := s.rows.Write(row); err != nil {
			return err
		}
		if s.ids != nil {
			ids, err := tokenRule.Tokenize(b.tokenizer, row)
			if err != nil {
				return err
			}
			s.cut += ids.Cut
			if err := s.ids.Write(ids); err != nil {
				return err
			}
		}
	}
	if !b.pictured && len(all) == 2 {
		b.pictured = true
		return save(b.out, "pair.html", picture(all))
	}
	return nil
}

func (s *split) line() string {
	return fmt.Sprintf("%s: %d records, %d examples, skipped: %s", s.name, s.records, s.stats.Examples[0]+s.stats.Examples[1], s.skipped)
}

func (s *split) close(complete bool) error {
	err := s.rows.Close(complete)
	if s.ids != nil {
		if failed := s.ids.Close(complete); err == nil {
			err = failed
		}
	}
	return err
}

// summary writes statistics, audit and recipe, and prints the first two.
func (b *build) summary(stdout io.Writer, splits []*split) ([]string, error) {
	b.progress.show(func() string { return "auditing" })
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s of %s\n", b.rule.Name(), b.format)
	var names []string
	var all []*dataset.Stats
	for _, s := range splits {
		names, all = append(names, s.name), append(all, s.stats)
	}
	if err := dataset.WriteStats(&text, names, all); err != nil {
		return nil, err
	}
	for i, s := range splits {
		fmt.Fprintln(&text, s.line())
		if s.cut > 0 {
			fmt.Fprintf(&text, "%s: %d labels come after id %d and are cut off\n", s.name, s.cut, tokenRule.MaxLength)
		}
		for k := range i {
			if err := s.overlaps[k].Write(&text, s.name, splits[k].name); err != nil {
				return nil, err
			}
		}
	}
	report, err := b.audit.Report(b.ctx)
	if err != nil {
		return nil, err
	}
	var audit bytes.Buffer
	if err := report.Write(&audit); err != nil {
		return nil, err
	}
	if err := save(b.out, "statistics.txt", text.Bytes()); err != nil {
		return nil, err
	}
	if err := save(b.out, "audit.txt", audit.Bytes()); err != nil {
		return nil, err
	}
	shards := "-*.jsonl"
	if b.gzip {
		shards += ".gz"
	}
	recipe := &dataset.Recipe{Model: "Qwen/Qwen2.5-Coder-7B-Instruct", Train: "../" + names[0] + shards, Segment: b.policy}
	if len(names) > 1 {
		recipe.Eval = "../" + names[1] + shards
	}
	if err := recipe.Write(filepath.Join(b.out, "recipe")); err != nil {
		return nil, err
	}
	b.progress.wipe()
	_, err = fmt.Fprintf(stdout, "%s\n%s", text.Bytes(), audit.Bytes())
	return report.Failures(dataset.AuditLimits{}), err
}

// save writes a small file.
func save(dir, name string, data []byte) error {
	return os.WriteFile(filepath.Join(dir, name), data, 0o644)
}
