package report

import (
	"cmp"
	"fmt"
	"slices"

	"shunt/ops"
)

// Part is a part of a commit as people see it. It covers one or more stages.
type Part struct {
	Words  ops.Phrase // the description as a step: "copy data"
	Crash  string     // what happens if the power fails here
	stages []string   // their names in Progress and Unfinished
}

// Parts lists the parts of a commit in order. The last one is its end.
type Parts []Part

// CrashOffers says what can be done after most crashes.
const CrashOffers = "If the power fails: open the target again to finish or roll back."

// CrashBack says what can be done after a crash of a rollback or of an undo: once begun, it can only be brought to its end.
const CrashBack = "If the power fails: open the target again to finish rolling back."

const crashPlanned = "If the power fails: the target is as planned."

// inPlace are the parts of a commit that overwrites the target. Before the first stage is reported, the journal is written.
var inPlace = Parts{
	part("write", "writing", "wrote", " the journal",
		"If the power fails: nothing has happened, or the commit can be finished or rolled back.", "", "prepare", "record"),
	part("hide", "hiding", "hid", " the partitions that change", CrashOffers, "fence", "extend"),
	part("copy", "copying", "copied", " data", CrashOffers, "copy"),
	part("write", "writing", "wrote", " new data", CrashOffers, "place"),
	part("write", "writing", "wrote", " the partition table", CrashOffers, "table", "shrink"),
	part("verify", "verifying", "verified", " what was written", CrashOffers, "verify", "keep"),
	part("done", "done", "done", "", crashPlanned, "done"),
}

// bySwitch are the parts of a commit that one write makes the disk.
var bySwitch = Parts{
	part("write", "writing", "wrote", " new data to free places of the file", "If the power fails: nothing has happened.",
		"", "prepare", "place", "record"),
	part("switch", "switching", "switched", " to the new disk by one write",
		"If the power fails: the disk is exactly as it was or exactly as planned.", "table"),
	part("verify", "verifying", "verified", " what was written", crashPlanned, "verify", "keep"),
	part("done", "done", "done", "", crashPlanned, "done"),
}

// backward are the parts of a rollback and of an undo. They are not numbered, since only what was done is taken back.
var backward = Parts{
	part("hide", "hiding", "hid", " the partitions that change", CrashBack, "fence", "extend"),
	part("copy", "copying", "copied", " data back", CrashBack, "copy"),
	part("write", "writing", "wrote", " the old content back", CrashBack, "place"),
	part("write", "writing", "wrote", " the old partition table back", CrashBack, "table", "shrink"),
	part("verify", "verifying", "verified", " what was written", CrashBack, "verify", "keep"),
}

func part(do, doing, did, text, crash string, stages ...string) Part {
	return Part{ops.Phrase{{Verb: ops.Verb{Do: do, Doing: doing, Did: did}, Text: text}}, crash, stages}
}

// PartsOf returns the parts of a phase on a target: of Undoing those of a rollback, otherwise those of a commit.
func PartsOf(f Facts, phase Phase) Parts {
	switch {
	case phase == Undoing:
		return backward
	case f.Around != nil:
		return bySwitch
	}
	return inPlace
}

// At returns the index of the part that a stage belongs to, or -1 if it is unknown.
func (p Parts) At(stage string) int {
	return slices.IndexFunc(p, func(q Part) bool { return slices.Contains(q.stages, stage) })
}

// Words says what is done in a stage of a commit. Other texts, such as those of steps, it returns as they are.
func (p Parts) Words(stage string) string {
	if at := p.At(stage); at >= 0 && stage != "" {
		return p[at].Words.Doing()
	}
	return stage
}

// Count says where in its phase a commit is: "step 3 of 6". It returns "" in other phases, at the end of a commit, and if
// the stage is unknown.
func (p Progress) Count(f Facts) string {
	parts := PartsOf(f, p.Phase)
	at, steps := parts.At(p.Stage), len(parts)-1 // the end is no step
	if p.Phase != Committing || at < 0 || at == steps {
		return ""
	}
	return fmt.Sprintf("step %d of %d", at+1, steps)
}

// Title names what the whole run does at present. An undo goes through the phase of a roll back.
func (p Progress) Title() string {
	if p.Phase == Undoing && p.Task == Undo {
		return "undoing"
	}
	return string(p.Phase)
}

// Words says what is being done.
func (p Progress) Words(f Facts) string {
	if p.Doing != "" || p.Phase != Committing && p.Phase != Undoing {
		return cmp.Or(p.Doing, p.Stage)
	}
	return PartsOf(f, p.Phase).Words(p.Stage)
}

// Stopped says where a commit or its rollback was interrupted, with the words and numbers that were shown while it ran: "in
// step 3 of 6, copying data".
func (u Unfinished) Stopped(f Facts) string {
	at := Progress{Phase: Committing, Stage: u.Stage}
	if u.RollingBack {
		at.Phase = Undoing
	}
	count := at.Count(f)
	switch {
	case u.Complete || at.Phase == Committing && count == "":
		return "after the last step"
	case count == "":
		return "while " + at.Words(f)
	}
	return "in " + count + ", " + at.Words(f)
}
