//go:build !purego

package kernels

// useNEON is read by every dispatcher and written by tests only. Every arm64
// processor that Go runs on has NEON.
var useNEON = !disabled(isaNEON)

const useAVX2, useAVXVNNI, useAVX512, useAVX512VNNI, useAVX512BF16 = false, false, false, false, false
