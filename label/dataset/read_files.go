package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"regexp"
	"strings"
)

// errStop ends a walk when the consumer stops the iteration.
var errStop = errors.New("stop")

// files walks the files below a folder in lexical order. record makes records
// of one file and passes them on until yield returns false.
func files(ctx context.Context, fsys fs.FS, root string, record func(file string, data []byte, yield func(*Record, *Skip) bool) bool) iter.Seq2[*Record, error] {
	return whole(ctx, func(yield func(*Record, error) bool) {
		err := fs.WalkDir(fsys, root, func(file string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if !d.Type().IsRegular() {
				return nil
			}
			data, skip, err := readFile(fsys, file)
			if err != nil {
				return err
			}
			give := func(r *Record, skip *Skip) bool { return row{file: file}.give(r, skip, yield) }
			if skip != nil && !give(nil, skip) || skip == nil && !record(file, data, give) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	})
}

// readFile reads a file of at most MaxRow bytes.
func readFile(fsys fs.FS, file string) ([]byte, *Skip, error) {
	f, err := fsys.Open(file)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxRow+1))
	if err == nil && len(data) > MaxRow {
		return nil, &Skip{File: file, Reason: TooLong, Detail: fmt.Sprintf("over %d bytes", MaxRow)}, nil
	}
	return data, nil, err
}

// Directories reads a folder that contains the folders before and after. A file
// with the same path in both is a pair; a file in only one of them is
// vulnerable or secure alone. Files of unknown languages are ignored.
func Directories(ctx context.Context, fsys fs.FS, name string) iter.Seq2[*Record, error] {
	before, after := path.Join(name, "before"), path.Join(name, "after")
	return whole(ctx, func(yield func(*Record, error) bool) {
		for _, root := range []string{before, after} {
			if info, err := fs.Stat(fsys, root); err != nil || !info.IsDir() {
				yield(nil, fmt.Errorf("%w: %s: no folder %s", ErrFormat, name, path.Base(root)))
				return
			}
		}
		walk := func(root, other string, record func(r *Record, data, partner []byte)) bool {
			for r, err := range files(ctx, fsys, root, func(file string, data []byte, yield func(*Record, *Skip) bool) bool {
				rest := strings.TrimPrefix(strings.TrimPrefix(file, root), "/")
				r := &Record{ID: rest, File: rest, Language: language(rest, "")}
				if r.Language == 0 {
					return true
				}
				partner, skip, err := readFile(fsys, path.Join(other, rest))
				switch {
				case skip != nil:
					return yield(nil, skip)
				case errors.Is(err, fs.ErrNotExist):
				case err != nil:
					return yield(nil, &Skip{File: file, Reason: Malformed, Detail: err.Error()})
				case root == after:
					return true // read with its partner
				}
				record(r, data, partner)
				return yield(r, nil)
			}) {
				if !yield(r, err) {
					return false
				}
			}
			return true
		}
		if walk(before, after, func(r *Record, data, partner []byte) { r.Before, r.After = data, partner }) {
			walk(after, before, func(r *Record, data, _ []byte) { r.After = data })
		}
	})
}

var cwevalCWE = regexp.MustCompile(`(?i)^cwe_0*(\d+)_`)

// CWEval reads the folder benchmark/core of Co1lin/CWEval. The files
// NAME_unsafe.EXT and NAME_task.EXT are a pair; for Python, so are the
// functions NAME_unsafe of NAME_test.py and the file NAME_task.py. It is an
// evaluation set: keep it out of training.
func CWEval(ctx context.Context, fsys fs.FS, name string) iter.Seq2[*Record, error] {
	return files(ctx, fsys, name, func(file string, data []byte, yield func(*Record, *Skip) bool) bool {
		ext := path.Ext(file)
		stem := strings.TrimSuffix(file, ext)
		var before []byte
		if rest, ok := strings.CutSuffix(stem, "_unsafe"); ok {
			stem, before = rest, data
		} else if rest, ok := strings.CutSuffix(stem, "_test"); ok && ext == ".py" {
			stem, before = rest, unsafePython(data)
		} else {
			return true
		}
		after, skip, err := readFile(fsys, stem+"_task"+ext)
		switch {
		case skip != nil:
			return yield(nil, skip)
		case errors.Is(err, fs.ErrNotExist):
			return yield(nil, &Skip{File: file, Reason: Incomplete, Detail: "no " + path.Base(stem) + "_task" + ext})
		case err != nil:
			return yield(nil, &Skip{File: file, Reason: Malformed, Detail: err.Error()})
		case before == nil:
			return yield(nil, &Skip{File: file, Reason: Incomplete, Detail: "no function that ends in _unsafe"})
		}
		r := &Record{ID: stem, File: path.Base(file), Language: language(file, ""), Before: before, After: after}
		if m := cwevalCWE.FindStringSubmatch(path.Base(file)); m != nil {
			r.CWEs = cwes("CWE-" + m[1])
		}
		return yield(r, nil)
	})
}

var (
	unsafeDef  = regexp.MustCompile(`^(?:async )?def \w+_unsafe\(`)
	unsafeWord = regexp.MustCompile(`\b(\w+)_unsafe\b`)
)

// unsafePython returns the functions of a module whose names end in _unsafe,
// and removes that ending.
func unsafePython(src []byte) []byte {
	var out strings.Builder
	inside := false
	for line := range strings.Lines(string(src)) {
		if c := line[0]; c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != ')' {
			inside = unsafeDef.MatchString(line)
		}
		if inside {
			out.WriteString(unsafeWord.ReplaceAllString(line, "$1"))
		}
	}
	if out.Len() == 0 {
		return nil
	}
	return []byte(strings.TrimRight(out.String(), "\n") + "\n")
}
