package dataset

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"unicode/utf8"

	"seccodeprm/internal/strictjson"
)

// MaxRow is the length of the longest row of a file, in bytes. Longer rows are
// skipped.
const MaxRow = 64 << 20

// open opens a file and unpacks it if its name says so.
func open(fsys fs.FS, name string) (io.ReadCloser, error) {
	f, err := fsys.Open(name)
	if err != nil || !strings.HasSuffix(name, ".gz") {
		return f, err
	}
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%w: %s: %w", ErrFormat, name, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{z, f}, nil
}

// row is one line of a file.
type row struct {
	file   string
	line   int
	offset int64
	text   []byte // without its newline; valid until the next row
}

func (r row) skip(reason, detail string) *Skip {
	return &Skip{r.file, r.line, r.offset, reason, detail}
}

// readError turns an error of reading the row into ErrFormat if it means a
// broken archive. Line and offset refer to the unpacked text.
func (r row) readError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
		return fmt.Errorf("%w: %s:%d (offset %d): %w", ErrFormat, r.file, r.line, r.offset, err)
	}
	return err
}

// id names the row.
func (r row) id() string { return fmt.Sprintf("%s:%d", r.file, r.line) }

// lines reads the lines of a file, except those that are white space.
func lines(ctx context.Context, fsys fs.FS, name string) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for at, err := range allLines(ctx, fsys, name) {
			if err == nil && len(bytes.TrimSpace(at.text)) == 0 {
				continue
			}
			if !yield(at, err) {
				return
			}
		}
	}
}

// allLines reads the lines of a file, which only "\n" ends. It skips lines that
// are too long.
func allLines(ctx context.Context, fsys fs.FS, name string) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		f, err := open(fsys, name)
		if err != nil {
			yield(row{}, err)
			return
		}
		defer f.Close()
		b := bufio.NewReaderSize(f, 1<<16)
		at := row{file: name}
		var text []byte
		for {
			if err := ctx.Err(); err != nil {
				yield(row{}, err)
				return
			}
			at.line++
			text = text[:0]
			size, long := int64(0), false
			for err = bufio.ErrBufferFull; err == bufio.ErrBufferFull; {
				var part []byte
				part, err = b.ReadSlice('\n')
				size += int64(len(part))
				if long = long || len(text)+len(part) > MaxRow; !long {
					text = append(text, part...)
				}
			}
			if at.line == 1 {
				text = bytes.TrimPrefix(text, []byte("\ufeff"))
			}
			at.text = bytes.TrimSuffix(text, []byte("\n"))
			switch {
			case err != nil && err != io.EOF:
				yield(at, at.readError(err))
				return
			case long:
				if !yield(row{}, at.skip(TooLong, fmt.Sprintf("%d bytes", size))) {
					return
				}
			case size > 0:
				if !yield(at, nil) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			at.offset += size
		}
	}
}

// decode reads the JSON of a row into v. Half a surrogate pair is refused: it
// would become another character of the code.
func (r row) decode(v any) *Skip {
	if !utf8.Valid(r.text) {
		return r.skip(NotUTF8, "")
	}
	text := r.text
	err := valid(text)
	if err != nil && (bytes.Contains(text, []byte("NaN")) || bytes.Contains(text, []byte("Infinity"))) {
		text = withoutNaN(text)
		err = valid(text)
	}
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		return r.skip(Malformed, err.Error())
	}
	return nil
}

// valid checks the syntax of a JSON text.
func valid(text []byte) error {
	r := strictjson.New(text)
	r.Skip()
	return r.End()
}

// whole makes the end of seq say whether it is complete: a context that ends
// yields its error as the last pair, and nothing follows an error but a *Skip.
func whole[T any](ctx context.Context, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for v, err := range seq {
			if ctx.Err() != nil {
				break
			}
			var skip *Skip
			if !yield(v, err) || err != nil && !errors.As(err, &skip) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(none, err)
		}
	}
}

// give checks the record made of a row and yields it, or the skip that takes
// its place.
func (r row) give(record *Record, skip *Skip, yield func(*Record, error) bool) bool {
	if skip == nil {
		if reason := record.check(); reason != "" {
			skip = r.skip(reason, record.ID)
		}
	}
	if skip != nil {
		return yield(nil, skip)
	}
	return yield(record, nil)
}

// each reads a file of JSON lines; record makes a record of a row.
func each(ctx context.Context, fsys fs.FS, name string, record func(row) (*Record, *Skip)) iter.Seq2[*Record, error] {
	return whole(ctx, func(yield func(*Record, error) bool) {
		for at, err := range lines(ctx, fsys, name) {
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			if r, skip := record(at); !at.give(r, skip, yield) {
				return
			}
		}
	})
}
