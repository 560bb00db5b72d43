//go:build (!amd64 && !arm64) || purego

package kernels

const useAVX2, useAVXVNNI, useAVX512, useAVX512VNNI, useAVX512BF16, useNEON = false, false, false, false, false, false
