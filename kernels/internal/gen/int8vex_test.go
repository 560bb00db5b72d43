package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVEXEncoding(t *testing.T) {
	require.Equal(t, [5]byte{0xc4, 0xe2, 0x6d, 0x50, 0xd9}, vex66F38(0x50, 3, 2, 1), "{vex} vpdpbusd ymm3, ymm2, ymm1")
	require.Equal(t, [5]byte{0xc4, 0xe2, 0x6d, 0x52, 0xd9}, vex66F38(0x52, 3, 2, 1), "{vex} vpdpwssd ymm3, ymm2, ymm1")
}

// A disassembler, if there is one, decodes every combination of registers as it
// is meant.
func TestVEXDisassembled(t *testing.T) {
	tool, err := exec.LookPath("llvm-mc")
	if err != nil {
		t.Skip("llvm-mc is not installed")
	}
	var input bytes.Buffer
	var want []string
	for opcode, name := range map[byte]string{0x50: "vpdpbusd", 0x52: "vpdpwssd"} {
		for i := range 16 * 16 * 16 {
			dst, first, last := i%16, i/16%16, i/256
			for _, b := range vex66F38(opcode, dst, first, last) {
				fmt.Fprintf(&input, "%#02x ", b)
			}
			input.WriteByte('\n')
			want = append(want, fmt.Sprintf("{vex} %s %%ymm%d, %%ymm%d, %%ymm%d", name, last, first, dst))
		}
	}
	cmd := exec.Command(tool, "--disassemble", "--triple=x86_64", "--mattr=+avxvnni")
	cmd.Stdin = &input
	out, err := cmd.Output()
	require.NoError(t, err)
	var got []string
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "vpdp") {
			got = append(got, strings.Join(strings.Fields(line), " "))
		}
	}
	require.Equal(t, want, got)
}
