package main

import (
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	bytesLine = regexp.MustCompile(`(?m)^\t(BYTE .*?) // (\w+) (.*)$`)
	wordLine  = regexp.MustCompile(`(?m)^\tWORD \$0x([0-9a-f]{8}) // (.*)$`)
	operand   = regexp.MustCompile(`\b([XYZ])(\d+)`)
	hexByte   = regexp.MustCompile(`0x[0-9a-f]+`)
)

// A disassembler decodes the instructions that the generator encodes itself as
// they are meant. Go orders operands as the AT&T syntax does.
func TestEncodings(t *testing.T) {
	intel, arm := map[string]string{}, map[string]string{} // name by bytes
	for _, text := range files() {
		for _, line := range bytesLine.FindAllStringSubmatch(text, -1) {
			operands := strings.TrimSuffix(line[3], " (VEX)")
			operands = operand.ReplaceAllStringFunc(operands, func(r string) string {
				return "%" + strings.ToLower(r[:1]) + "mm" + r[1:]
			})
			intel[strings.Join(hexByte.FindAllString(line[1], -1), " ")] = strings.ToLower(line[2]) + " " + operands
		}
		for _, line := range wordLine.FindAllStringSubmatch(text, -1) {
			word, err := strconv.ParseUint(line[1], 16, 32)
			require.NoError(t, err)
			arm[fmt.Sprintf("%#02x %#02x %#02x %#02x", byte(word), byte(word>>8), byte(word>>16), byte(word>>24))] = line[2]
		}
	}
	require.NotEmpty(t, intel)
	require.NotEmpty(t, arm)
	disassemble(t, intel, "-triple=x86_64", "-mattr=+avx512bf16,+avx512vl,+avxvnni")
	disassemble(t, arm, "-triple=aarch64")
}

func disassemble(t *testing.T, names map[string]string, target ...string) {
	path, err := exec.LookPath("llvm-mc")
	if err != nil {
		t.Skip("no llvm-mc to disassemble with")
	}
	code := slices.Sorted(maps.Keys(names))
	cmd := exec.Command(path, append(target, "--disassemble")...)
	cmd.Stdin = strings.NewReader(strings.Join(code, "\n"))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	var got []string
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 0 && !strings.HasPrefix(fields[0], ".") && !strings.HasPrefix(fields[0], "#") {
			got = append(got, strings.TrimPrefix(strings.Join(fields, " "), "{vex} "))
		}
	}
	require.Len(t, got, len(code))
	for i, c := range code {
		require.Equal(t, names[c], got[i], c)
	}
}
