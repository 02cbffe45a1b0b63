// Package worker is the process that does the work: it rehearses a queue and commits it. It is a process of its
// own so that its mounts vanish with it, so that a lost terminal does not stop a commit, and so that a crash of
// the editor cannot take a transaction with it. It may import the other packages below ops, not session.
//
// The parent starts its own executable with EnvWorker set and hands over, from file descriptor 3 on, one end of a
// socket pair, the target's open files, which carry its locks, those of other targets that are copied from, and the journal's
// directory: whatever becomes of its name meanwhile, the worker reads and writes what the parent has checked. On the socket
// both sides send JSON values, one a line: the worker Events, the parent Commands; before them the parent sends a Job, as
// Job.Line writes it. When the parent's end is closed, a
// rehearsal is cancelled and a commit goes on.
//
// While a commit or a recovery runs, others can follow it through a socket in the journal's directory (Dial); what
// they get is what the parent gets, from the start. A result that nobody confirms to have got is left in a file beside
// the socket (Last), for the next start of shunt. The files there, besides the journal's own:
//
//	socket        of the worker, while it commits
//	result.json   what nobody has heard yet, 1 MiB at most
//	no-undo       why the last transaction cannot be undone, 64 KiB at most
package worker

import (
	"os"
	"time"

	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/txn"
)

// EnvWorker is the environment variable that makes the executable a worker.
const EnvWorker = "SHUNT_WORKER"

// Job is the first value the parent sends.
type Job struct {
	Task       report.Task // the only message back from a report.Look is an Answer
	Path       string
	SectorSize geometry.SectorSize
	NoLock     bool
	Journal    journal.Handle // the journal's directory; its files come last
	Call       ops.Call       // for what people are told to run
	Files      int            // how many files of the target are handed over
	Plan       string         // plan file text, positions exact
	Wishes     journal.Options
	// Initial and Preview are the sums of the disk as the parent scanned it and as its queue leaves it: the
	// worker makes both anew and refuses to go on if they differ.
	Initial, Preview string
	// Sources are the other targets that the plan copies from.
	Sources []Source `json:",omitempty"`
	// How names the way to get windows the worker was started for, as partfs.ParseIsolation reads it.
	How string
	// Question goes with the task Look.
	Question *Question `json:",omitempty"`
}

// files are those of the target that the parent handed over, behind the socket.
func (j Job) files() []*os.File { return handed(0, j.Files, j.Path) }

// openJournal takes over the journal's directory, the files of which come last.
func (j Job) openJournal() (*journal.Dir, error) {
	first := j.Files
	for _, s := range j.Sources {
		first += s.Files
	}
	return journal.Adopt(j.Journal, handed(first, j.Journal.Count(), j.Journal.Name))
}

// handed are n of the files behind the socket, from the one with the number first on.
func handed(first, n int, name string) []*os.File {
	files := make([]*os.File, n)
	for i := range files {
		files[i] = os.NewFile(uintptr(4+first+i), name)
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
	Progress *report.Progress   `json:"progress,omitempty"`
	Step     *report.StepResult `json:"step,omitempty"` // a rehearsed step ended
	Log      string             `json:"log,omitempty"`  // one line
	Report   *report.Rehearsal  `json:"report,omitempty"`
	Result   *report.Result     `json:"result,omitempty"` // the last event
}

func recovery(t report.Task) txn.Direction {
	if t == report.RollBack {
		return txn.RollBack
	}
	return txn.Finish
}

// tick is how often progress is sent.
const tick = 250 * time.Millisecond
