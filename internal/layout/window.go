package layout

import (
	"bytes"
	"errors"
	"fmt"
)

// ErrWindow is wrapped if a limit leaves no room for code.
var ErrWindow = errors.New("window too small")

// maxWindowIDs bounds the ids of all windows together (2 GiB). Code alone does
// not come near it. A prompt that fills nearly all of every window does.
const maxWindowIDs = 1 << 29

// Windows lays the steps out in sequences of at most limit tokens. Each begins
// with the prompt, and in layout "chat" ends with the end of the turn. Input
// that fits is a single window, equal to Whole. Otherwise, with room = limit
// less prompt and tail:
//
//   - Windows are cut between steps. Each takes as many steps as fit.
//   - Each later window begins with steps of the previous one, for context: as
//     many whole steps as fit in half the room and leave room for the first new
//     step.
//   - A step is read in the first window that contains it, and in no other. That
//     window gives it the most left context.
//   - A step longer than the room is split into parts of at most half the room,
//     which are as long as possible and end after a token that ends a line, or
//     anywhere in a longer line. Each part gets the separator and is read, so the
//     step has several rows. Only split steps have more than one row.
//
// So the left context of a row is everything before it, or at least the whole
// steps (or parts) before it that fit in half the room. The work grows linearly
// with the code. Windows returns ErrWindow if not even one token of text fits, or
// if the prompt leaves so little room that all windows together would exceed 2^29
// tokens.
func (e *Encoded) Windows(limit int) ([]Window, error) {
	l := e.layout
	if len(e.ids) <= limit {
		return []Window{e.Whole()}, nil
	}
	room := limit - e.head - len(l.tail)
	if room < len(l.separator)+1 {
		return nil, fmt.Errorf("%w: %d tokens leave no room for code besides prompt (%d), separator (%d) and end (%d)",
			ErrWindow, limit, e.head, len(l.separator), len(l.tail))
	}
	pieces := e.pieces(room)
	spans, total := plan(pieces, room, e.head+len(l.tail))
	if total > maxWindowIDs {
		return nil, fmt.Errorf("%w: prompt and end take %d of %d tokens, so all windows together would exceed %d tokens",
			ErrWindow, e.head+len(l.tail), limit, maxWindowIDs)
	}

	// Rows and steps of all windows share one array each, since every piece is
	// read once.
	rows, steps := make([]int, 0, len(pieces)), make([]int, 0, len(pieces))
	windows := make([]Window, len(spans))
	for i, s := range spans {
		ids := append(make([]int32, 0, e.head+s.size+len(l.tail)), e.ids[:e.head]...)
		from := len(rows)
		for j, p := range pieces[s.first:s.end] {
			ids = append(ids, e.ids[p.begin:p.end]...)
			if p.part {
				ids = append(ids, l.separator...)
			}
			if s.first+j >= s.fresh {
				rows, steps = append(rows, len(ids)-1), append(steps, p.step)
			}
		}
		to := len(rows)
		windows[i] = Window{IDs: append(ids, l.tail...), Rows: rows[from:to:to], Steps: steps[from:to:to]}
	}
	return windows, nil
}

// piece is a step with its separator, or a part of a step. It is not cut further.
type piece struct {
	step       int
	begin, end int  // in Encoded.ids
	part       bool // of a step, but not its last: its separator is not in Encoded.ids
	size       int  // in tokens, with the separator
}

// pieces returns the steps, with steps longer than room in parts.
func (e *Encoded) pieces(room int) []piece {
	separator := len(e.layout.separator)
	pieces := make([]piece, 0, len(e.ends))
	for i, end := range e.ends {
		begin := e.begin(i)
		if end-begin > room {
			most := max(room/2-separator, 1) // tokens of text in a part
			for end-separator-begin > most {
				cut := e.lineEnd(begin, begin+most)
				pieces = append(pieces, piece{step: i, begin: begin, end: cut, part: true, size: cut - begin + separator})
				begin = cut
			}
		}
		if end > begin {
			pieces = append(pieces, piece{step: i, begin: begin, end: end, size: end - begin})
		}
	}
	return pieces
}

// lineEnd returns the largest cut in (begin, end] after a token that ends a line,
// or end if there is none.
func (e *Encoded) lineEnd(begin, end int) int {
	var text []byte
	for cut := end; cut > begin; cut-- {
		text = e.layout.tok.AppendBytes(text[:0], e.ids[cut-1:cut])
		if bytes.HasSuffix(text, []byte("\n")) {
			return cut
		}
	}
	return end
}

// span is a window as a range of pieces. Those from fresh on are read.
type span struct {
	first, fresh, end int
	size              int // in tokens, without prompt and tail
}

// plan groups pieces, none larger than room, into windows. total counts their
// tokens and frame tokens for each window. It stops beyond maxWindowIDs.
func plan(pieces []piece, room, frame int) (spans []span, total int) {
	for next := 0; next < len(pieces) && total <= maxWindowIDs; {
		s := span{first: next, fresh: next, end: next}
		context := min(room/2, room-pieces[next].size)
		for s.first > 0 && s.size+pieces[s.first-1].size <= context {
			s.first--
			s.size += pieces[s.first].size
		}
		for s.end < len(pieces) && s.size+pieces[s.end].size <= room {
			s.size += pieces[s.end].size
			s.end++
		}
		spans = append(spans, s)
		total += frame + s.size
		next = s.end
	}
	return spans, total
}
