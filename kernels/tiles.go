package kernels

import "unsafe"

// tiles is the work of one call of a kernel: strips of equal height times as
// many panels as a tile is wide, added to a column of tiles of c.
type tiles struct {
	c     []float32
	ldc   int
	start []float32 // what every row starts from; nil: from c
	form  form
	a     []float32 // forms six and tall, from the first column of K on
	pairs []uint32  // form dot
	slots int       // elements of a per column of K, or per pair
	skip  int       // elements of a from one strip to the next
	rows  int       // of a strip
	count int       // strips
	b     panels
	width int  // panels
	depth int  // columns of K
	odd   bool // the odd element of a pair first, as in precision BF16
	clean bool // chains start here: tiny values of c become +0 first
}

// tileArgs is tiles as the assembly takes it. The compiler writes the offsets
// of the fields to go_asm.h. skip, stride and ldc count bytes. No count is 0.
type tileArgs struct {
	a     unsafe.Pointer // the first strip
	b     unsafe.Pointer // the first panel
	c     unsafe.Pointer // the first tile
	start unsafe.Pointer // what every row starts from; nil: from c

	depth  int // columns of K
	skip   int // from one strip to the next
	stride int // from one panel to the next
	ldc    int // from one row of c to the next
	count  int // strips
	rows   int // of a strip
	width  int // panels

	// Only amd64 uses the rest.
	tiny  int  // without start: values of c whose bits times 2 are below become +0
	next  walk // what AVX-512 prefetches
	ahead int  // what AVX2 prefetches: the panel that many bytes further
}

// multiply multiplies the strips s0 to s1-1 of x, columns k0 to k0+depth-1, by
// the panels. It adds the product to the first cols columns of c, which has the
// rows of x, or, if start is not nil, stores start plus the product there.
// start has a value for each column of all tiles, also of one that is not full.
func (p panels) multiply(c []float32, ldc, cols int, start []float32, x *Input, s0, s1, k0, depth int) {
	width := x.width()
	for j := 0; j < cols; j += width * PanelColumns {
		if cols-j < width*PanelColumns {
			width = min(width, 2)
		}
		at, from := p.from(j/PanelColumns, 0), start
		if start != nil {
			from = start[j:][:width*PanelColumns]
		}
		if cols-j >= width*PanelColumns {
			at.tiles(c[j:], ldc, width, from, x, s0, s1, k0, depth)
		} else {
			at.narrow(c[j:], ldc, cols-j, width, from, x, s0, s1, k0, depth)
		}
	}
}

// narrow multiplies into a tile of full width and copies from and to c. A
// missing panel is replaced by its neighbour.
func (p panels) narrow(c []float32, ldc, cols, width int, start []float32, x *Input, s0, s1, k0, depth int) {
	var tile [tallRows * 2 * PanelColumns]float32
	if cols <= PanelColumns {
		p.stride = 0
	}
	ldt := width * PanelColumns
	for s := s0; s < s1; s++ {
		row, end := x.Strip(s)
		for i := row; i < end; i++ {
			copy(tile[(i-row)*ldt:][:cols], c[i*ldc:])
		}
		p.strip(tile[:], ldt, width, start, x, s, 1, k0, depth)
		for i := row; i < end; i++ {
			copy(c[i*ldc:][:cols], tile[(i-row)*ldt:])
		}
	}
}

// tiles multiplies into c directly, strips of equal height at a time.
func (p panels) tiles(c []float32, ldc, width int, start []float32, x *Input, s0, s1, k0, depth int) {
	height, higher := x.heights()
	most := max(1, maxProducts/((height+1)*width*PanelColumns*depth))
	for s := s0; s < s1; {
		end := min(s1, s+most)
		if s < higher {
			end = min(end, higher)
		}
		row, _ := x.Strip(s)
		p.strip(c[row*ldc:], ldc, width, start, x, s, end-s, k0, depth)
		s = end
	}
}

// maxProducts limits a call of a kernel to some tens of microseconds.
const maxProducts = 1 << 21

// strip multiplies count strips of equal height, from strip s on, into c.
func (p panels) strip(c []float32, ldc, width int, start []float32, x *Input, s, count, k0, depth int) {
	row, end := x.Strip(s)
	rows := end - row
	t := tiles{
		c: c[:(count*rows-1)*ldc+width*PanelColumns], ldc: ldc, start: start,
		form: x.form, slots: rows, rows: rows, count: count,
		b: p, width: width, depth: depth, odd: x.precision == BF16,
		clean: x.precision == BF16 && k0 == 0 && start == nil,
	}
	switch x.form {
	case dot:
		t.skip = (x.k + 1) / 2 * rows
		t.pairs = x.dwords[x.offset(s, k0):][:(count-1)*t.skip+(depth+1)/2*rows]
	case tall:
		t.skip = x.k * rows
		t.a = x.floats[x.offset(s, k0):][:(count-1)*t.skip+depth*rows]
	case six:
		t.slots, t.skip = stripRows, x.k*stripRows
		t.a = x.floats[x.offset(s, k0):][:(count-1)*t.skip+depth*stripRows]
	}
	p.check(width, depth)
	t.run()
}
