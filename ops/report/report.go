// Package report holds what people are told: how far a run is and how it ended, what a target and its file systems hold,
// what could be opened. Workers fill these values in and send them; the command line prints them and the editor shows
// them. They do nothing, and all their fields can be read by anybody.
package report

import (
	"time"

	"shunt/geometry"
)

// Applied is the transaction that was applied last and can be undone.
type Applied struct {
	When time.Time      `json:"when"`  // it began
	Plan string         `json:"plan"`  // what it did, one operation a line
	Room geometry.Bytes `json:"bytes"` // what is kept for the undo
}
