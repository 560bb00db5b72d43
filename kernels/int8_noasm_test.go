//go:build !amd64 || purego

package kernels

import "testing"

func int8ISAs() []string { return []string{isaGeneric} }

func useInt8ISA(testing.TB, string) {}
