// Package label is being described.
package label
