package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shunt/geometry"
)

// Phase is a part of a run.
type Phase string

// The phases of a run, in order. Undoing replaces Committing when a transaction is rolled back.
const (
	Rehearsing Phase = "rehearsing"
	Deciding   Phase = "deciding" // rehearsal finished, waiting for commit or cancel
	Committing Phase = "committing"
	Undoing    Phase = "rolling back"
	Finished   Phase = "finished"
)

// Progress is a snapshot of a run. The latest one replaces all earlier ones.
type Progress struct {
	Phase Phase          `json:"phase"`
	Task  Task           `json:"task,omitempty"`  // what the worker does
	Stage string         `json:"stage"`           // commit stage ("copy") or the current step's text ("check ext4 in p1")
	Doing string         `json:"doing,omitempty"` // a step's text while it runs ("checking ext4 in p1")
	Step  int            `json:"step"`            // from 1; Steps+1 while the journal is written after the last step
	Steps int            `json:"steps"`
	Done  geometry.Bytes `json:"done"` // bytes done in this phase; Total is 0 if bytes are not counted
	Total geometry.Bytes `json:"total"`
	// Elapsed is the time since the phase began, Running the time since the stage began.
	Elapsed time.Duration `json:"elapsed"`
	Running time.Duration `json:"running,omitempty"`
	// Past lists the finished stages of this phase in order. In a rehearsal these are its steps.
	Past []Passed `json:"past,omitempty"`
	// Said is the last line of the running tool. ToolShare is the tool's own progress in thousandths, or 0 if it reports
	// none.
	Said      string `json:"said,omitempty"`
	ToolShare int    `json:"tool_share,omitempty"`
}

// Passed is a finished stage.
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
	Check   *Repair       `json:"check,omitempty"` // what a check did to the file system, nil if nothing
	Took    time.Duration `json:"took"`
	Err     string        `json:"error,omitempty"`
}

// Said is what the tool of a repair said, as far as it is not only progress; at most most lines from its end.
func (r StepResult) Said(most int) []string {
	if r.Check == nil || !r.Check.Repaired {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(r.Output), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.TrimSpace(line) == "" })
	if cut := len(lines) - most; cut > 0 {
		lines = append([]string{fmt.Sprintf("(%d lines before this are in the log)", cut)}, lines[cut:]...)
	}
	return lines
}

// Filesystem is a file system after its check in the rehearsal.
type Filesystem struct {
	Ref  string         `json:"partition"`
	Kind string         `json:"kind"`
	Size geometry.Bytes `json:"size"`
	Used geometry.Bytes `json:"used"` // -1 if unknown
}

// Rehearsal is the result of a rehearsal. Nothing has been written to the target.
type Rehearsal struct {
	Steps       []StepResult   `json:"steps"`
	Filesystems []Filesystem   `json:"filesystems"`
	CopyBytes   geometry.Bytes `json:"copy_bytes"`                 // data that the commit will copy within the target
	PlaceBytes  geometry.Bytes `json:"place_bytes"`                // metadata and new data that it will write
	JournalSize geometry.Bytes `json:"journal_bytes"`              // space that the journal needs, with all old contents
	UndoBytes   geometry.Bytes `json:"undo_bytes"`                 // the part that stays for an undo after the commit
	Earlier     *Earlier       `json:"earlier,omitempty"`          // transactions before it that can be undone now; nil if there are none
	Remapped    geometry.Bytes `json:"remapped_bytes,omitempty"`   // data that moves without being copied
	OneWrite    bool           `json:"one_write,omitempty"`        // the commit writes to free places of the file, and one write makes that the disk
	NewImage    bool           `json:"new_image,omitempty"`        // the edited disk is written into a new image, which takes the name of the old one
	NewFile     geometry.Bytes `json:"new_image_bytes,omitempty"`  // of data in it
	SkippedFree geometry.Bytes `json:"skipped_bytes"`              // free space of moved file systems that is not copied
	GivesBack   geometry.Bytes `json:"gives_back_bytes,omitempty"` // room in the image file that sparsifying gives back to the host
	Estimate    time.Duration  `json:"estimate"`
	Warnings    []string       `json:"warnings,omitempty"`  // what may go wrong in the commit, for people
	Err         string         `json:"error,omitempty"`     // why the rehearsal failed, "" if it passed
	TooSmall    *TooSmall      `json:"too_small,omitempty"` // the rehearsal failed because of this
	Nothing     bool           `json:"nothing,omitempty"`   // the target is as planned already
	Replanned   []Replanned    `json:"replanned,omitempty"` // why the plan is not the one that was asked for
}

// KeptWords says what stays for an undo after the commit. how is the command or the key for
// the undo. UndoBytes must not be 0.
func (r Rehearsal) KeptWords(how string) string {
	n := geometry.FormatBytes(r.UndoBytes)
	if r.NewImage {
		return "After it the old image, " + n + ", stays beside the new one, for " + how + "; with `--no-undo` it does not."
	}
	if r.OneWrite {
		return "After it " + n + " of the file hold the old disk, for " + how + "; with `--no-undo` they are given back at once."
	}
	return "After it " + n + " stay beside the target, for " + how + "."
}

// TooSmall says that a tool found no room for the contents of a partition at the size that an operation gives it.
type TooSmall struct {
	Op    int            `json:"operation"` // index in the queue
	Asked geometry.Bytes `json:"asked"`
	Least geometry.Bytes `json:"least"` // the smallest size that the tool names, 0 if none
}

// Replanned says that a partition turned out to need more than its superblock says, and that shunt therefore chose other
// numbers than those that were asked for.
type Replanned struct {
	Ref   string         `json:"partition"`
	Asked geometry.Bytes `json:"asked"` // the size that was too small
	Took  geometry.Bytes `json:"took"`  // its size in the plan that was made instead
}

// String returns "p1 cannot be made as small as 392 MiB; the plan leaves it 664 MiB".
func (r Replanned) String() string {
	return fmt.Sprintf("%s cannot be made as small as %s, as its own tool finds no room in that; the plan now leaves it %s",
		r.Ref, geometry.FormatAtMost(r.Asked), geometry.FormatAtLeast(r.Took))
}

// Outcome says how a run ended.
type Outcome string

// The outcomes of a run, each with its exit code on the command line.
const (
	Unchanged   Outcome = "unchanged"   // refused, failed or cancelled before the commit: exit 1 (0 after a wanted rehearsal)
	Done        Outcome = "done"        // the target is exactly as planned: exit 0
	RolledBack  Outcome = "rolled back" // the target is as it was: exit 1 (0 if a rollback was wanted)
	Interrupted Outcome = "interrupted" // an unfinished transaction is on the target: exit 4
)

// Result is the end of a run. Unlike progress, it is never lost.
type Result struct {
	Outcome Outcome `json:"outcome"`
	Err     string  `json:"error,omitempty"`
	Advice  string  `json:"advice,omitempty"` // what to do next
	Log     string  `json:"log,omitempty"`    // all commands with their output
	// Cancelled says that it was stopped before it wrote anything.
	Cancelled bool `json:"cancelled,omitempty"`
	// Silent says that the worker ended without a result. The target must be read to find out what happened.
	Silent bool `json:"-"`
	// LostUnused says, of a target that was rolled back, that some blocks that no file system used have other content now.
	LostUnused bool `json:"lost_unused,omitempty"`
}

// Note makes the advice of a result say what failed after the target was whole. Without an error it changes nothing.
func (r *Result) Note(err error) {
	if err != nil {
		r.Advice = "Note: " + err.Error() + "."
	}
}

// AsItWas says how far a target that is rolled back is the same as before. Nothing keeps the content of blocks that a file
// system did not use, if the transaction overwrote them.
func AsItWas(lostUnused bool) string {
	if lostUnused {
		return "as it was, except for the content of blocks that no file system used"
	}
	return "exactly as it was"
}
