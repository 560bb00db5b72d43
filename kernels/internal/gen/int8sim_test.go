package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// cpu interprets the text of the int8 kernels, so that every machine tests all
// of them. It knows only the instructions they use.
type cpu struct {
	t      *testing.T
	args   map[string]uint64 // fields of the argument block
	memory map[uint64][]byte // by multiples of segment
	gpr    map[string]uint64
	vector [32][64]byte
	zero   bool // flags of the last arithmetic
	less   bool
}

const segment = 1 << 32

const argumentBlock = 99 * segment // its address

// run executes a function of a text of assembly.
func (c *cpu) run(text, name string) {
	_, text, found := strings.Cut(text, "TEXT ·"+name+"(SB)")
	require.True(c.t, found, name)
	text, _, _ = strings.Cut(text, "\nTEXT ")
	lines := strings.Split(text, "\n")[1:]
	labels := map[string]int{}
	for i, line := range lines {
		if label, ok := strings.CutSuffix(line, ":"); ok {
			labels[label] = i
		}
	}
	for pc := 0; ; pc++ {
		line := strings.TrimSpace(lines[pc])
		if code, comment, ok := strings.Cut(line, " // "); ok && strings.HasPrefix(code, "BYTE") {
			line = strings.TrimSuffix(comment, " (VEX)")
		}
		if line == "" || strings.HasSuffix(line, ":") || strings.HasPrefix(line, "//") {
			continue
		}
		op, rest, _ := strings.Cut(line, " ")
		operands := strings.Split(rest, ", ")
		jump := false
		switch op {
		case "RET":
			return
		case "PCALIGN", "VZEROUPPER", "PREFETCHT1":
			continue
		case "JEQ":
			jump = c.zero
		case "JNZ":
			jump = !c.zero
		default:
			if strings.HasPrefix(op, "V") {
				c.vectorOp(op, operands)
			} else {
				c.scalarOp(op, operands)
			}
		}
		if jump {
			target, ok := labels[rest]
			require.True(c.t, ok, rest)
			pc = target
		}
	}
}

func (c *cpu) scalarOp(op string, operands []string) {
	last := operands[len(operands)-1]
	x := c.scalar(operands[0])
	switch op {
	case "MOVQ":
		c.gpr[last] = x
	case "ADDQ":
		c.gpr[last] += x
	case "IMULQ":
		c.gpr[last] *= x
	case "SUBQ":
		c.gpr[last] -= x
		c.zero = c.gpr[last] == 0
	case "DECQ":
		c.gpr[last]--
		c.zero = c.gpr[last] == 0
	case "TESTQ":
		c.zero = x&c.scalar(last) == 0
	case "CMPQ":
		c.zero, c.less = x == c.scalar(last), int64(x) < int64(c.scalar(last))
	case "CMOVQLT":
		if c.less {
			c.gpr[last] = x
		}
	default:
		require.Fail(c.t, "unknown instruction", op)
	}
}

func (c *cpu) scalar(operand string) uint64 {
	if imm, ok := strings.CutPrefix(operand, "$"); ok {
		n, err := strconv.ParseUint(imm, 0, 64)
		require.NoError(c.t, err)
		return n
	}
	if field, ok := strings.CutPrefix(operand, "int8Args_"); ok {
		name, base, _ := strings.Cut(field, "(")
		x, ok := c.args[name]
		require.True(c.t, ok, operand)
		require.Equal(c.t, uint64(argumentBlock), c.gpr[strings.TrimSuffix(base, ")")], operand)
		return x
	}
	if operand == "t+0(FP)" {
		return argumentBlock
	}
	return c.gpr[operand]
}

// at returns size bytes of memory. It fails if they do not exist.
func (c *cpu) at(operand string, size int) []byte {
	if operand == "int8ones<>(SB)" {
		ones := make([]byte, size)
		for i := 0; i < size; i += 2 {
			ones[i] = 1
		}
		return ones
	}
	parts := strings.Split(strings.ReplaceAll(operand, ")", ""), "(")
	address := uint64(0)
	if parts[0] != "" {
		offset, err := strconv.Atoi(parts[0])
		require.NoError(c.t, err)
		address = uint64(offset)
	}
	for _, r := range parts[1:] {
		address += c.gpr[strings.TrimSuffix(r, "*1")]
	}
	mem := c.memory[address/segment]
	from := address % segment
	require.LessOrEqual(c.t, from+uint64(size), uint64(len(mem)), "access at %s", operand)
	return mem[from:][:size]
}

// vectorOp executes an instruction. The last operand determines its width.
func (c *cpu) vectorOp(op string, operands []string) {
	last := operands[len(operands)-1]
	width := 32
	if strings.Contains(strings.Join(operands, " "), "Z") {
		width = 64
	}
	register := func(name string) []byte {
		n, err := strconv.Atoi(name[1:])
		require.NoError(c.t, err)
		return c.vector[n][:width]
	}
	value := func(name string) []byte {
		if strings.Contains(name, "(") {
			return c.at(name, width)
		}
		return register(name)
	}
	if op == "VMOVDQU" || op == "VMOVDQU32" || op == "VMOVUPS" {
		copy(value(last), value(operands[0]))
		return
	}
	dst := register(last)
	if op == "VPBROADCASTD" {
		dword := c.at(operands[0], 4)
		for i := 0; i < width; i += 4 {
			copy(dst[i:], dword)
		}
		return
	}
	if op == "VPSLLW" || op == "VPSRAW" {
		n, x := c.scalar(operands[0]), value(operands[1])
		for i := 0; i < width; i += 2 {
			v := binary.LittleEndian.Uint16(x[i:])
			if op == "VPSLLW" {
				v <<= n
			} else {
				v = uint16(int16(v) >> n)
			}
			binary.LittleEndian.PutUint16(dst[i:], v)
		}
		return
	}
	// The rest works on dwords. y is the last source in Intel's order.
	y := value(operands[0])
	x := y
	if len(operands) == 3 {
		x = value(operands[1])
	}
	word := func(b []byte, i int) int32 { return int32(int16(binary.LittleEndian.Uint16(b[2*i:]))) }
	saturated := func(v int32) uint32 { return uint32(uint16(max(math.MinInt16, min(math.MaxInt16, v)))) }
	for i := 0; i < width; i += 4 {
		p, q, r := x[i:i+4], y[i:i+4], dst[i:i+4]
		px, qx, rx := binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint32(q), binary.LittleEndian.Uint32(r)
		product := func(j int) int32 { return int32(p[j]) * int32(int8(q[j])) }
		var v uint32
		switch op {
		case "VPXOR", "VPXORD":
			v = px ^ qx
		case "VPADDD":
			v = px + qx
		case "VADDPS":
			v = math.Float32bits(math.Float32frombits(px) + math.Float32frombits(qx))
		case "VCVTDQ2PS":
			v = math.Float32bits(float32(int32(qx)))
		case "VPMADDUBSW":
			v = saturated(product(0)+product(1)) | saturated(product(2)+product(3))<<16
		case "VPMADDWD":
			v = uint32(word(p, 0)*word(q, 0) + word(p, 1)*word(q, 1))
		case "VPDPBUSD":
			v = rx + uint32(product(0)+product(1)+product(2)+product(3))
		case "VPDPWSSD":
			v = rx + uint32(word(p, 0)*word(q, 0)+word(p, 1)*word(q, 1))
		default:
			require.Fail(c.t, "unknown instruction", op)
		}
		binary.LittleEndian.PutUint32(r, v)
	}
}

// Every kernel, height and width computes the product, reads nothing outside of
// its operands and does not change other columns of the tile.
func TestInt8KernelsInterpreted(t *testing.T) {
	for _, isa := range []struct {
		suffix string
		emit   func(*asm)
		rows   int
		wide   bool
	}{{"AVX512", int8AVX512, 12, true}, {"AVXVNNI", int8AVXVNNI, 6, false}, {"AVX2", int8AVX2, 6, false}} {
		text := file(isa.emit)
		for rows := 1; rows <= isa.rows; rows++ {
			for _, words := range []bool{false, true} {
				kind := map[bool]string{false: "int8Bytes", true: "int8Words"}[words]
				t.Run(fmt.Sprintf("%s%s/rows=%d", kind, isa.suffix, rows), func(t *testing.T) {
					interpretInt8(t, text, kind+isa.suffix, rows, words, isa.wide)
				})
			}
		}
	}
}

func interpretInt8(t *testing.T, text, name string, rows int, words, wide bool) {
	r := rand.New(rand.NewPCG(1, uint64(rows)))
	quads, width := 5, 1
	if words {
		quads, width = int8Block+3, 2
	}
	strip, panels, next := rows, 2, 64*quads
	if !wide {
		strip, panels = rows+r.IntN(3), 1 // the rest of the strip is another tile's
		next = 4 * width * strip
	}
	a := make([]byte, 4*width*(strip*(quads-1)+rows))
	panel := make([]byte, 64*quads*panels)
	tile := make([]byte, int8TileRow*(rows-1)+64*panels)
	for i := range panel {
		panel[i] = uint8(r.IntN(255) - 127)
	}
	x := func(row, k int) int64 {
		at := 4 * width * (k/4*strip + row)
		if !words {
			return int64(a[at+k%4])
		}
		return int64(int16(binary.LittleEndian.Uint16(a[at+[]int{0, 4, 2, 6}[k%4]:])))
	}
	for i := 0; i < len(a); i += width {
		if words {
			binary.LittleEndian.PutUint16(a[i:], uint16(r.IntN(65535)-32767))
		} else {
			a[i] = uint8(r.IntN(128))
		}
	}
	start := make([]uint32, len(tile)/4)
	for i := range start {
		start[i] = r.Uint32N(1 << 20)
		if words {
			start[i] = math.Float32bits(float32(start[i]))
		}
		binary.LittleEndian.PutUint32(tile[4*i:], start[i])
	}
	c := &cpu{t: t, gpr: map[string]uint64{}, memory: map[uint64][]byte{1: tile, 2: a, 3: panel},
		args: map[string]uint64{"tile": segment, "a": 2 * segment, "panel": 3 * segment, "ahead": 0,
			"next": uint64(next), "quads": uint64(quads), "rows": uint64(rows)}}
	c.run(text, name)

	for i := range start {
		row, column := i/32, i%32
		want := start[i]
		if wide || column < 16 {
			block := quads
			if words {
				block = int8Block
			}
			for q0 := 0; q0 < quads; q0 += block {
				sum := int64(0)
				for k := 4 * q0; k < 4*min(quads, q0+block); k++ {
					sum += x(row, k) * int64(int8(panel[column/16*64*quads+k/4*64+column%16*4+k%4]))
				}
				if words {
					want = math.Float32bits(math.Float32frombits(want) + float32(sum))
				} else {
					want += uint32(sum)
				}
			}
		}
		require.Equal(t, want, binary.LittleEndian.Uint32(tile[4*i:]), "row %d, column %d", row, column)
	}
}
