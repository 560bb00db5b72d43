package cpu

// matrix is a row-major buffer of float32. A row is a token of the chunk, as
// everywhere in this package.
type matrix struct {
	rows, columns int
	stride        int // from one row to the next
	data          []float32
}

// shape sets the size and keeps the buffer if it is large enough; the contents
// are undefined. The stride is an odd number of cache lines, so that the values
// of a column do not compete for the same cache set.
func (a *matrix) shape(rows, columns int) {
	a.reset(rows, columns, (ceilDiv(columns, panelColumns)|1)*panelColumns)
}

// dense is shape without space between rows.
func (a *matrix) dense(rows, columns int) { a.reset(rows, columns, columns) }

func (a *matrix) reset(rows, columns, stride int) {
	a.rows, a.columns, a.stride = rows, columns, stride
	a.data = grow(a.data, rows*stride)
}

// row returns row i.
func (a *matrix) row(i int) []float32 { return a.data[i*a.stride:][:a.columns] }

// paste copies x into a; its first value goes to (row, column).
func (a *matrix) paste(row, column int, x *matrix) {
	for i := range x.rows {
		copy(a.row(row + i)[column:], x.row(i))
	}
}

// grow returns a slice of n values that reuses s if it is large enough; the
// contents are undefined.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
