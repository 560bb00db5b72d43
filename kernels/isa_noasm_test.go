//go:build !amd64 || purego

package kernels

import "testing"

func isas() []string { return []string{isaGeneric} }

func useISA(testing.TB, string) {}
