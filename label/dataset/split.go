package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"seccodeprm/label"
)

// Key says what of a record must not be in two splits.
type Key string

// The keys.
const (
	ByPair    Key = "pair"    // the record
	ByCommit  Key = "commit"  // all records of a commit of a project
	ByProject Key = "project" // all records of a project
	ByDate    Key = "date"    // by Splitter.Until, not by chance
)

// Splitter assigns records to splits. Equal keys go to one split, always the
// same for the same Seed, whatever the order of the records and whatever other
// records there are. A record that lacks its key (no commit, no project) counts
// as one of its own.
type Splitter struct {
	Key    Key
	Names  []string  // of the splits, such as "train", "val"
	Shares []float64 // of each, positive; they need not sum to 1; not for ByDate
	Seed   uint64

	// Until are the ends of all splits but the last, ascending, for ByDate: a
	// record belongs to the first whose end is after its date. Records without a
	// date are refused.
	Until []time.Time
}

// Check returns an ErrRule for a Splitter that cannot assign anything.
func (s *Splitter) Check() error {
	if len(s.Names) == 0 {
		return fmt.Errorf("%w: no splits", ErrRule)
	}
	switch s.Key {
	case ByPair, ByCommit, ByProject:
		if len(s.Shares) != len(s.Names) {
			return fmt.Errorf("%w: %d shares for %d splits", ErrRule, len(s.Shares), len(s.Names))
		}
		for _, share := range s.Shares {
			if !(share > 0) || math.IsInf(share, 0) {
				return fmt.Errorf("%w: share %v of a split", ErrRule, share)
			}
		}
	case ByDate:
		if len(s.Until) != len(s.Names)-1 || !slices.IsSortedFunc(s.Until, time.Time.Compare) {
			return fmt.Errorf("%w: %d splits by date need %d ascending ends", ErrRule, len(s.Names), len(s.Names)-1)
		}
	default:
		return fmt.Errorf("%w: no such key to split by: %q", ErrRule, s.Key)
	}
	return nil
}

// Split returns the index of the record's split. Errors are those of Check, and
// a *Skip (Incomplete) for a record without a date where dates are needed.
func (s *Splitter) Split(r *Record) (int, error) {
	if err := s.Check(); err != nil {
		return 0, err
	}
	if s.Key == ByDate {
		if r.Date.IsZero() {
			return 0, &Skip{File: r.ID, Reason: Incomplete, Detail: "no date"}
		}
		for i, end := range s.Until {
			if r.Date.Before(end) {
				return i, nil
			}
		}
		return len(s.Until), nil
	}
	h := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s", s.Seed, keyOf(r, s.Key)))
	at := float64(binary.BigEndian.Uint64(h[:])>>11) / (1 << 53)
	total := 0.0
	for _, share := range s.Shares {
		total += share
	}
	sum := 0.0
	for i, share := range s.Shares {
		if sum += share / total; at < sum {
			return i, nil
		}
	}
	return len(s.Shares) - 1, nil
}

// keyOf returns what r has to share with others of its split.
func keyOf(r *Record, key Key) string {
	switch {
	case key == ByProject && r.Project != "":
		return r.Project
	case key == ByCommit && r.Commit != "":
		return r.Project + "\x00" + r.Commit
	}
	return "\x00" + r.ID
}

// Fingerprint returns a hash of code that does not change with white space and
// comments: code of one fingerprint is a near duplicate.
func Fingerprint(r *Record, vulnerable bool) [16]byte {
	src := r.After
	if vulnerable {
		src = r.Before
	}
	var compact []byte
	for field := range bytes.FieldsSeq(label.Blank(src, r.Language, false)) {
		compact = append(compact, field...)
	}
	h := sha256.Sum256(compact)
	return [16]byte(h[:16])
}

// Seen remembers records, to find near duplicates and what splits share.
type Seen struct {
	code     map[[16]byte]string // fingerprint -> ID
	commits  map[string]bool
	projects map[string]bool
}

// NewSeen returns a Seen without records. It takes about 100 bytes a record.
func NewSeen() *Seen {
	return &Seen{code: map[[16]byte]string{}, commits: map[string]bool{}, projects: map[string]bool{}}
}

// Add remembers a record.
func (s *Seen) Add(r *Record) {
	for _, vulnerable := range []bool{true, false} {
		if vulnerable && r.Before == nil || !vulnerable && r.After == nil {
			continue
		}
		if h := Fingerprint(r, vulnerable); s.code[h] == "" {
			s.code[h] = r.ID
		}
	}
	if r.Commit != "" {
		s.commits[keyOf(r, ByCommit)] = true
	}
	if r.Project != "" {
		s.projects[r.Project] = true
	}
}

// Duplicate returns the ID of a record seen before that has the same vulnerable
// code but for white space and comments, or, where the record has none, the same
// secure code; "" if there is none.
func (s *Seen) Duplicate(r *Record) string { return s.code[Fingerprint(r, r.Before != nil)] }

// Overlap says what the records of a split share with those of another.
type Overlap struct {
	Records  int // of the split that was compared
	Code     int // with code that the other has, on either side
	Commits  int // of commits that the other has
	Projects int // of projects that the other has
	Clean    int // that share neither code nor a commit
}

// Compare counts what r shares with the records seen, in o, and reports
// whether it is clean: no code and no commit in common.
func (s *Seen) Compare(r *Record, o *Overlap) bool {
	code := r.Before != nil && s.code[Fingerprint(r, true)] != "" || r.After != nil && s.code[Fingerprint(r, false)] != ""
	commit := r.Commit != "" && s.commits[keyOf(r, ByCommit)]
	o.Records++
	for _, c := range []struct {
		is bool
		n  *int
	}{{code, &o.Code}, {commit, &o.Commits}, {s.projects[r.Project], &o.Projects}, {!code && !commit, &o.Clean}} {
		if c.is {
			*c.n++
		}
	}
	return !code && !commit
}

// Write writes the overlap as one line.
func (o *Overlap) Write(w io.Writer, split, other string) error {
	_, err := fmt.Fprintf(w, "%s shares with %s: code of %d, commits of %d, projects of %d of its %d records; %d are clean\n",
		split, other, o.Code, o.Commits, o.Projects, o.Records, o.Clean)
	return err
}
