//go:build race

package txn

// slowdown is by how much less is tried by default: the race detector makes everything slower, and these tests run in
// one goroutine.
const slowdown = 10
