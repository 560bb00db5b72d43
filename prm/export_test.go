package prm

import "crypto/sha256"

// SealSnapshot gives bytes the checksum of a snapshot.
func SealSnapshot(body []byte) []byte {
	sum := sha256.Sum256(body)
	return append(append([]byte(nil), body...), sum[:]...)
}
