//go:build !race

package txn

const slowdown = 1
