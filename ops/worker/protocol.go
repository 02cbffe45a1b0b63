// Package worker implements the worker process, which rehearses a queue and commits it. The work has a process of its own
// so that mounts vanish with it, a lost terminal does not stop a commit, and a crash of the editor does not end a
// transaction.
//
// The parent starts its own executable with EnvWorker set. From file descriptor 3 on the worker gets one end of a socket
// pair, the target's open files, which carry its locks, the journal's directory, the file that is to take the target's name
// if the job gives it to another, and the files of the other targets that the plan copies from. The directory is handed over open, so that the worker uses the one that the parent has checked,
// even if another takes its name. On the socket the parent first sends a Job in gob, which unlike JSON keeps paths that are
// not UTF-8. Then both sides send JSON values: the worker Events, the parent Commands. When the parent closes its end, a
// rehearsal is cancelled and a commit goes on.
//
// While a commit or a recovery runs, other processes can follow it through a socket in the journal's directory (Dial). They
// get all events from the start. A result that no peer confirms is stored in a file beside the socket (report.Last) for the
// next start of shunt. Besides the journal's own files the directory holds:
//
//	socket        the worker's socket, while it commits
//	result.json   the unconfirmed result, at most 1 MiB
//	no-undo       why the last transaction cannot be undone, at most 64 KiB
package worker

import (
	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/journal"
	"shunt/ops/partfs"
	"shunt/ops/report"
	"shunt/ops/txn"
)

// EnvWorker is the environment variable that makes the executable a worker.
const EnvWorker = "SHUNT_WORKER"

// A Job is the first value that the parent sends.
type Job struct {
	Task       report.Task // the only message back from a report.Look is an Answer
	Path       string
	SectorSize geometry.SectorSize
	Format     string // as in target.Options
	NoLock     bool
	Version    string   // of the program, for the log
	Overlays   []string // images elsewhere that may show the target as their backing file
	Journal    journal.Handle
	// Beside is the directory beside the image, if the journal lies elsewhere and a new file may take the image's name. Waits
	// says that the file that is to take it was handed over.
	Beside  *journal.Handle
	Waits   bool
	Call    ops.Call // for commands in advice
	Files   int      // how many files of the target are handed over
	Plan    string   // plan file text with exact positions
	Options journal.Options
	Limits  txn.Limits // of what is kept to undo earlier transactions
	// Initial and Preview are the sums of the disk as the parent scanned it and as its queue leaves it. The worker computes
	// both again and refuses to go on if they differ.
	Initial, Preview string
	// Sources are the other targets that the plan copies from.
	Sources []Source
	// Isolation says how the worker is isolated from the rest of the system.
	Isolation partfs.Isolation
	// Rests says that nobody waits for the rehearsal yet: see Rest.
	Rests bool
	// Question goes with report.Look. So do Show, and Search and Keeper, which take no target.
	Question Question
	Search   *Search
	Show     *Show
	Keeper   *Keeper
	Shell    *Shell // takes no target either
	Hunt     *Hunt
}

// Argv returns the command line that lists of processes show for the worker.
func (j Job) Argv() []string {
	if j.Show != nil {
		return j.Show.Served.Argv()
	}
	return []string{"shunt-worker", j.Path}
}

// A Command is what a peer sends. Processes that follow a commit may not send Commit.
type Command string

// The commands.
const (
	Commit Command = "commit"
	Cancel Command = "cancel" // during a commit: stop at the next safe point
	Seen   Command = "seen"   // the result has arrived
	Rest   Command = "rest"   // nobody waits for the rehearsal: take as little of the machine as possible
	Resume Command = "resume" // somebody does
)

// An Event is what the worker sends. Exactly one field is set.
type Event struct {
	Progress *report.Progress  `json:"progress,omitempty"`
	Log      string            `json:"log,omitempty"` // one line
	Report   *report.Rehearsal `json:"report,omitempty"`
	Result   *report.Result    `json:"result,omitempty"` // the last event
}
