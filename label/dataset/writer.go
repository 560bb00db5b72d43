package dataset

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrResume is wrapped if a folder holds other rows than those being written:
// rows of other sources or another rule, or rows that have changed since.
var ErrResume = errors.New("dataset: cannot resume")

// Writer writes rows as JSON lines into shards of a fixed number of rows. The
// bytes depend only on the rows and the options. To resume an interrupted run,
// write the same rows again: complete shards are kept, and their rows are
// compared instead of written.
//
// Shards are named NAME-00000.jsonl or NAME-00000.jsonl.gz, and the manifest,
// NAME.json, lists them. A file appears under its name only when it is
// complete.
type Writer struct {
	dir      string
	opt      WriterOptions
	manifest Manifest
	kept     []Shard // complete shards of an earlier run, to be compared

	body   bytes.Buffer // of the shard being written
	packed *gzip.Writer // into body; nil without Gzip
	shard  Shard
	sum    hash.Hash
	failed error
}

// WriterOptions say how rows are written.
type WriterOptions struct {
	Name string // of the shards, such as "train"
	Rows int    // in a shard, 1 to 1,000,000; 0 means 4096
	Gzip bool

	// Recipe names everything that the rows depend on, such as Rule.Name and
	// the digests of sources. Rows of another recipe are not resumed.
	Recipe string
}

// Manifest lists the shards of a Writer.
type Manifest struct {
	Recipe   string  `json:"recipe"`
	Complete bool    `json:"complete"` // false if the source ended early
	Rows     int     `json:"rows"`
	Shards   []Shard `json:"shards"`
}

// Shard is one file of rows.
type Shard struct {
	File   string `json:"file"`
	Rows   int    `json:"rows"`
	SHA256 string `json:"sha256"` // of the unpacked rows
}

// NewWriter opens a folder and creates it if necessary. It resumes an earlier
// run with the same recipe; an earlier run with another recipe is ErrResume.
func NewWriter(dir string, opt WriterOptions) (*Writer, error) {
	if opt.Rows == 0 {
		opt.Rows = 4096
	}
	if opt.Rows < 1 || opt.Rows > 1_000_000 || opt.Name == "" || filepath.Base(opt.Name) != opt.Name {
		return nil, fmt.Errorf("%w: writer %q with %d rows a shard", ErrRule, opt.Name, opt.Rows)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	w := &Writer{dir: dir, opt: opt, manifest: Manifest{Recipe: opt.Recipe, Shards: []Shard{}}}
	// Remove what a killed run left.
	parts, err := filepath.Glob(filepath.Join(dir, w.part()))
	if err != nil {
		return nil, err
	}
	for _, name := range parts {
		if err := os.Remove(name); err != nil {
			return nil, err
		}
	}
	data, err := os.ReadFile(w.manifestName())
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		var old Manifest
		if err := json.Unmarshal(data, &old); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrResume, w.manifestName(), err)
		}
		if old.Recipe != opt.Recipe {
			return nil, fmt.Errorf("%w: %s was written with recipe %q, not %q", ErrResume, w.manifestName(), old.Recipe, opt.Recipe)
		}
		for i, s := range old.Shards { // a short shard at the end is written again
			if s.Rows != opt.Rows || s.File != w.fileName(i) {
				break
			}
			if _, err := os.Stat(filepath.Join(dir, s.File)); err != nil {
				break
			}
			w.kept = append(w.kept, s)
		}
	}
	w.begin()
	return w, nil
}

func (w *Writer) manifestName() string { return filepath.Join(w.dir, w.opt.Name+".json") }

func (w *Writer) fileName(shard int) string {
	name := fmt.Sprintf("%s-%05d.jsonl", w.opt.Name, shard)
	if w.opt.Gzip {
		name += ".gz"
	}
	return name
}

// begin starts a shard.
func (w *Writer) begin() {
	w.body.Reset()
	w.packed = nil
	if w.opt.Gzip {
		w.packed = gzip.NewWriter(&w.body) // without name and time
	}
	w.shard = Shard{File: w.fileName(len(w.manifest.Shards))}
	w.sum = sha256.New()
}

// Write writes v as the next row. After an error the Writer cannot be used
// again.
func (w *Writer) Write(v any) error {
	if w.failed != nil {
		return w.failed
	}
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	if w.failed = e.Encode(v); w.failed != nil {
		return w.failed
	}
	w.sum.Write(line.Bytes())
	if len(w.manifest.Shards) >= len(w.kept) { // not in a file yet
		if w.packed != nil {
			w.packed.Write(line.Bytes()) // into memory
		} else {
			w.body.Write(line.Bytes())
		}
	}
	w.shard.Rows++
	if w.shard.Rows == w.opt.Rows {
		w.failed = w.finish()
	}
	return w.failed
}

// finish publishes the shard, or compares it with the one kept.
func (w *Writer) finish() error {
	w.shard.SHA256 = hex.EncodeToString(w.sum.Sum(nil))
	if i := len(w.manifest.Shards); i < len(w.kept) {
		if w.kept[i] != w.shard {
			return fmt.Errorf("%w: %s holds other rows than those being written", ErrResume, filepath.Join(w.dir, w.shard.File))
		}
	} else {
		if w.packed != nil {
			if err := w.packed.Close(); err != nil {
				return err
			}
		}
		if err := w.publish(w.shard.File, w.body.Bytes()); err != nil {
			return err
		}
	}
	w.manifest.Shards = append(w.manifest.Shards, w.shard)
	w.manifest.Rows += w.shard.Rows
	if len(w.manifest.Shards) >= len(w.kept) {
		if err := w.list(false); err != nil {
			return err
		}
	}
	w.begin()
	return nil
}

// Resumed returns the number of rows kept from an earlier run.
func (w *Writer) Resumed() int { return len(w.kept) * w.opt.Rows }

// Close writes the remaining rows and the manifest. Pass false if rows are
// missing because the source failed or the run was interrupted: a later run
// then continues after the last full shard. Shards of an earlier run that this
// run did not reach are kept as well.
func (w *Writer) Close(complete bool) error {
	if w.failed != nil {
		return w.failed
	}
	w.failed = errors.New("dataset: writer is closed")
	if n := len(w.manifest.Shards); n < len(w.kept) {
		if !complete {
			return nil // the manifest there lists more
		}
		return fmt.Errorf("%w: %s lists %d shards, but the rows end in shard %d", ErrResume, w.manifestName(), len(w.kept), n+1)
	}
	if w.shard.Rows > 0 {
		if err := w.finish(); err != nil {
			return err
		}
	}
	// Remove further shards of an earlier run that cut them elsewhere.
	for i := len(w.manifest.Shards); ; i++ {
		err := os.Remove(filepath.Join(w.dir, w.fileName(i)))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return err
		}
	}
	return w.list(complete)
}

// list writes the manifest.
func (w *Writer) list(complete bool) error {
	w.manifest.Complete = complete
	data, err := json.MarshalIndent(&w.manifest, "", "  ")
	if err != nil {
		return err
	}
	return w.publish(w.opt.Name+".json", append(data, '\n'))
}

// part is the pattern for the names of files that are not complete.
func (w *Writer) part() string { return "." + w.opt.Name + ".part-*" }

// publish writes a file that appears under its name only when it is complete.
func (w *Writer) publish(name string, data []byte) error {
	f, err := os.CreateTemp(w.dir, w.part())
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails if all went well: it was renamed
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(w.dir, name))
}
