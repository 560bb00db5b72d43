//go:build !purego

package kernels

// useNEON is read by dispatchers and written only by tests. Every arm64
// processor that Go supports has NEON.
var useNEON = !disabled(isaNEON)

const useAVX2, useAVXVNNI, useAVX512, useAVX512VNNI, useAVX512BF16 = false, false, false, false, false
