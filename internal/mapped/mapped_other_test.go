//go:build !unix

package mapped_test

const canMap = false
