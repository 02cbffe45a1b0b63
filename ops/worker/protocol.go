// Package worker is the process that does the work: it rehearses a queue and commits it. It is a process of its
// own so that its mounts vanish with it, so that a lost terminal does not stop a commit, and so that a crash of
// the editor cannot take a transaction with it. It may import the other packages below ops, not session.
//
// The parent starts its own executable with EnvWorker set and hands over, from file descriptor 3 on, one end of a
// socket pair and the target's open files, which carry its locks. On the socket both sides send JSON values, one a
// line: first the parent a Job, then the worker Events, the parent Commands. When the parent's end is closed, a
// rehearsal is cancelled and a commit goes on.
//
// While a commit or a recovery runs, others can follow it through a socket in the journal's directory (Dial); what
// they get is what the parent gets, from the start. A result that nobody confirms to have got is left in a file beside
// the socket (Last), for the next start of shunt. The files there, besides the journal's own:
//
//	windows/      where FUSE windows are mounted during a rehearsal
//	socket        of the worker, while it commits
//	result.json   what nobody has heard yet
package worker

import (
	"os"
	"time"

	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/journal"
	"shunt/ops/txn"
)

// EnvWorker is the environment variable that makes the executable a worker.
const EnvWorker = "SHUNT_WORKER"

// Task is what a worker is started for.
type Task string

// The tasks.
const (
	Apply    Task = "apply"     // rehearse a plan, wait, commit
	Finish   Task = "finish"    // bring an unfinished transaction to its end
	RollBack Task = "roll back" // undo an unfinished transaction
	Undo     Task = "undo"      // take back the transaction that was applied last
	Look     Task = "look"      // answer a question about one file system; the only message back is an Answer
)

// Job is the first value the parent sends.
type Job struct {
	Task       Task
	Path       string
	SectorSize geometry.SectorSize
	NoLock     bool
	Journal    string // the journal's directory
	Files      int    // how many files of the target are handed over
	Plan       string // plan file text, positions exact
	Wishes     journal.Wishes
	// Initial and Preview are the sums of the disk as the parent scanned it and as its queue leaves it: the
	// worker makes both anew and refuses to go on if they differ.
	Initial, Preview string
	// Sources are the other targets that the plan copies from.
	Sources []Source `json:",omitempty"`
	// How names the way to get windows the worker was started for, as window.ParseHow reads it.
	How string
	// Question goes with the task Look.
	Question *Question `json:",omitempty"`
}

// files are those of the target.
func (j Job) files() []*os.File { return handedOver(0, j.Files, j.Path) }

// handedOver are n of the files that the parent handed over behind the socket, from the one with the number first on.
func handedOver(first, n int, path string) []*os.File {
	files := make([]*os.File, n)
	for i := range files {
		files[i] = os.NewFile(uintptr(4+first+i), path)
	}
	return files
}

// Command is what the parent may send after the job.
type Command string

// The commands.
const (
	Commit Command = "commit"
	Cancel Command = "cancel" // during a commit: stop at the next safe point
	Seen   Command = "seen"   // the result has arrived
)

// Event is what the worker sends; exactly one field is set.
type Event struct {
	Progress *ops.Progress   `json:"progress,omitempty"`
	Step     *ops.StepResult `json:"step,omitempty"` // a rehearsed step ended
	Log      string          `json:"log,omitempty"`  // one line
	Report   *ops.Report     `json:"report,omitempty"`
	Result   *ops.Result     `json:"result,omitempty"` // the last event
}

func recovery(t Task) txn.Direction {
	if t == RollBack {
		return txn.RollBack
	}
	return txn.Finish
}

// tick is how often progress is sent.
const tick = 250 * time.Millisecond
