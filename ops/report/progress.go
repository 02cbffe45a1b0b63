package report

import (
	"time"

	"shunt/geometry"
)

// Phase is where a run stands.
type Phase string

// The phases of a run, in order. Undoing replaces Committing when a transaction is rolled back.
const (
	Rehearsing Phase = "rehearsing"
	Deciding   Phase = "deciding" // rehearsal finished, waiting for commit or cancel
	Committing Phase = "committing"
	Undoing    Phase = "rolling back"
	Finished   Phase = "finished"
)

// Progress is a snapshot of a run; the latest one replaces all before it.
type Progress struct {
	Phase Phase          `json:"phase"`
	Stage string         `json:"stage"`           // commit stage ("copy") or the current step's text ("check ext4 in p1")
	Doing string         `json:"doing,omitempty"` // a step's text while it runs ("checking ext4 in p1")
	Step  int            `json:"step"`            // 1-based; one more than Steps when all are over and the journal is written
	Steps int            `json:"steps"`
	Done  geometry.Bytes `json:"done"` // bytes of this phase that are done, of Total (0 if not counted in bytes)
	Total geometry.Bytes `json:"total"`
	// Elapsed is the time since the phase began, Running that since the stage did.
	Elapsed time.Duration `json:"elapsed"`
	Running time.Duration `json:"running,omitempty"`
	// Past are the stages of this phase that are over, in order; those of a rehearsal are its steps.
	Past []Passed `json:"past,omitempty"`
	// Said is the last line of the running tool; ToolShare is its own progress in parts of a thousand, 0 if it has none.
	Said      string `json:"said,omitempty"`
	ToolShare int    `json:"tool_share,omitempty"`
}

// Passed is a stage that is over.
type Passed struct {
	Stage string        `json:"stage"`
	Took  time.Duration `json:"took"`
}

// StepResult is the outcome of one rehearsed step.
type StepResult struct {
	Text    string        `json:"text"`              // "check ext4 in p1"
	Did     string        `json:"did,omitempty"`     // "checked ext4 in p1"
	Command string        `json:"command,omitempty"` // the tool's argv, joined for people
	Output  string        `json:"output,omitempty"`
	Took    time.Duration `json:"took"`
	Err     string        `json:"error,omitempty"`
}

// Filesystem is a file system as the rehearsal verified it.
type Filesystem struct {
	Ref  string         `json:"partition"`
	Kind string         `json:"kind"`
	Size geometry.Bytes `json:"size"`
	Used geometry.Bytes `json:"used"` // -1 if not known
}

// Rehearsal is the result of a rehearsal. Nothing has been written to the target.
type Rehearsal struct {
	Steps       []StepResult   `json:"steps"`
	Filesystems []Filesystem   `json:"filesystems"`
	CopyBytes   geometry.Bytes `json:"copy_bytes"`    // data the commit will copy within the target
	PlaceBytes  geometry.Bytes `json:"place_bytes"`   // metadata and new data it will write
	JournalSize geometry.Bytes `json:"journal_bytes"` // room the journal needs, pre-images included
	UndoBytes   geometry.Bytes `json:"undo_bytes"`    // the part of it that stays for an undo after the commit
	SkippedFree geometry.Bytes `json:"skipped_bytes"` // free space of moved file systems that is not copied
	Estimate    time.Duration  `json:"estimate"`
	Warnings    []string       `json:"warnings,omitempty"` // what may go wrong in the commit, for people
	Err         string         `json:"error,omitempty"`    // why the rehearsal failed, "" if it passed
}

// Outcome is how a run ended.
type Outcome string

// The outcomes of a run, and the exit code each one maps to on the command line.
const (
	Unchanged   Outcome = "unchanged"   // refused, failed or cancelled before the commit: exit 1 (0 if only a rehearsal was asked for)
	Done        Outcome = "done"        // the target is exactly as planned: exit 0
	RolledBack  Outcome = "rolled back" // the target is exactly as it was: exit 1 (0 when roll back was asked for)
	Interrupted Outcome = "interrupted" // an unfinished transaction is on the target: exit 4
)

// Result is the end of a run; it is never lost, unlike progress.
type Result struct {
	Outcome Outcome `json:"outcome"`
	Err     string  `json:"error,omitempty"`
	Advice  string  `json:"advice,omitempty"` // what to do next
	Log     string  `json:"log,omitempty"`    // everything that was run and said
	// Silent says that the worker ended without telling how: what it led to has to be read from the target.
	Silent bool `json:"-"`
}
