// Package dataset is being described.
package dataset
