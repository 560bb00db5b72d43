//go:build !purego

package kernels

// useNEON is read by every dispatcher and written by tests only. Every arm64
// processor that Go runs on has it.
var useNEON = !disabled(isaNEON)

const useAVX2, useAVX512, useDot = false, false, false
