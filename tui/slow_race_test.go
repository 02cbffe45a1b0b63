//go:build race

package tui_test

// slowdown is by how much less is tried with the race detector, which makes drawing slower.
const slowdown = 6
