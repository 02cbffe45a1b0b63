package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/widget"
)

// This file holds the words for how things ended, and the rule for all that people read here. They read it at night, on a
// small screen, with something at stake.
//
//   - What happened, what it means for the data, what to do: in this order, each once, and shorter rather than complete. What
//     names a partition ("p2"), a file or a program says which.
//   - What is said of the data is one of these: "unchanged", "exactly as it was", "exactly as planned", "no data is lost".
//   - What to do is a key of this page or a command that can be typed as it stands.
//   - One word for one thing. The target is what is edited; an image or a disk only where it matters which. What lies in no
//     partition is free space, which the table calls unallocated as other editors do; what a file system does not use is
//     unused. Pending operations are applied, that is rehearsed and committed. u takes pending operations back; an
//     interrupted commit is finished or rolled back; what was applied is undone.
//   - A line of a list tells by its verb where it stands: move, moving, moved (ops.Phrase).
//   - A refusal (ops.Refusal) reads "cannot WHAT: REASON; NEAREST", without a capital or a full stop, and so does an
//     error that says what was tried (package tried). Whoever shows it makes a sentence of it.
//   - No blame, no thanks, no exclamation marks, and only characters with a stand-in in ASCII (frame.go).

// telling is one such account.
type telling struct {
	head    string // what happened, in a line
	meaning string // what it means for the data
	advice  string // what to do, or ""
	tone    tone
}

type tone int

const (
	toneGood tone = iota
	toneWarn
	toneBad
)

// endings are the accounts of how a run ended. In the meaning % stands for the target. That of an apply is also for the kinds
// of runs that have none of their own.
var endings = map[report.Outcome]struct {
	head    string
	tone    tone
	advice  string
	meaning map[runKind]string
}{
	report.Done: {"Done", toneGood, "", map[runKind]string{
		applyRun:  "% is exactly as planned. Every change was verified before it was made real.",
		finishRun: "The interrupted transaction was finished: % is exactly as planned.",
	}},
	report.RolledBack: {"Rolled back", toneGood, "", map[runKind]string{
		applyRun:    "% is exactly as it was before. None of the operations was carried out; they are still pending.",
		finishRun:   "% is exactly as it was before the interrupted transaction.",
		rollBackRun: "% is exactly as it was before the interrupted transaction.",
		undoRun:     "What was applied last was taken back: % is exactly as it was before that.",
		followRun:   "% is exactly as it was before.",
	}},
	report.Interrupted: {
		"Interrupted", toneBad, "No data is lost. Close this page to choose between the two, now or when the target is opened again.",
		map[runKind]string{applyRun: "% may be between two states: do not mount or boot it until it is finished or rolled back."},
	},
	report.Unchanged: {"Nothing was changed", toneWarn, "", map[runKind]string{
		applyRun:    "% is exactly as it was; nothing has been written to it. The operations are still pending.",
		finishRun:   "Nothing has been written to %. Its transaction still has to be finished or rolled back.",
		rollBackRun: "Nothing has been written to %. Its transaction still has to be finished or rolled back.",
		undoRun:     "Nothing has been written to %, and what was applied stays applied.",
		followRun:   "% is exactly as it was; nothing has been written to it.",
	}},
}

// tellResult is how a run on the named target ended. The advice of the result tells what is lost, if anything.
func tellResult(kind runKind, name string, r report.Result) telling {
	end := endings[r.Outcome]
	meaning := cmp.Or(end.meaning[kind], end.meaning[applyRun])
	t := telling{end.head, strings.ReplaceAll(meaning, "%", name), cmp.Or(r.Advice, end.advice), end.tone}
	if r.Outcome == report.RolledBack && (kind == applyRun || kind == rehearseRun) {
		t.tone = toneWarn // nobody asked for it
	}
	return t
}

// tellWhole is the account of a run that was interrupted and left nothing unfinished behind.
func tellWhole(name string) telling {
	return telling{
		head: "Interrupted", tone: toneWarn,
		meaning: name + " is whole: it is exactly as planned or exactly as it was, and nothing on it is unfinished. No data is lost.",
		advice:  "What is pending was kept: compare it with what the editor shows now, and apply it again or clear it with X.",
	}
}

// lastText says how a commit ended while nobody was there.
func lastText(name string, last report.Last) []string {
	kind, what := followRun, "The last commit"
	switch last.Task {
	case report.Finish, report.RollBack:
		kind, what = finishRun, "The last recovery"
	case report.Undo:
		kind, what = undoRun, "The undo of the last apply"
	case report.Apply, report.Look:
	}
	t := tellResult(kind, name, last.Result)
	lines := []string{fmt.Sprintf("%s of %s ended at %s: %s.", what, name, last.When.Local().Format(time.DateTime), strings.ToLower(t.head)), t.meaning}
	if last.Result.Err != "" {
		lines = append(lines, widget.Clean(last.Result.Err))
	}
	if (last.Result.Outcome == report.Unchanged || last.Result.Outcome == report.Interrupted) && t.advice != "" {
		lines = append(lines, widget.Clean(t.advice))
	}
	for line := range strings.Lines(last.Plan) {
		if line = widget.Clean(strings.TrimSpace(line)); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// tellRehearsal is how a rehearsal ended.
func tellRehearsal(kind runKind, name string, r report.Rehearsal) telling {
	if r.Err != "" {
		return telling{
			head:    "The rehearsal failed",
			meaning: "Nothing has been written to " + name + ". The operations are still pending.",
			advice:  "l shows what the tools said. Change the operations, or repair the file system, and try again.",
			tone:    toneBad,
		}
	}
	t := telling{head: "The rehearsal passed", tone: toneGood, meaning: "Nothing has been written to " + name + " so far."}
	if kind == rehearseRun {
		t.advice = "Press a in the editor to apply the operations."
	}
	return t
}

// tellRefused is the account of a target that cannot be opened.
func tellRefused(name string, err error) telling {
	return telling{
		head:    name + " cannot be opened",
		meaning: sentence(err),
		advice:  "It was not changed. Press o to open it again or another target, or q to quit.",
		tone:    toneBad,
	}
}

// tellLost is the account of a target that could not be read again after a run.
func tellLost(name string, err error) telling {
	return telling{
		head:    name + " could not be read again",
		meaning: sentence(err),
		advice:  "What the last run reported still holds. Press o and Enter to open it anew, or q to quit.",
		tone:    toneBad,
	}
}

// milestone is a part of a commit as its page shows it; several stages make one.
type milestone struct {
	words  ops.Phrase // what is done, as a step: "copy data"
	stages []string   // as the progress calls them
	crash  string     // what an interruption here leads to
}

const crashOffers = "If the power fails: opening the target again offers to finish or to roll back."

// milestones are the parts of a commit in order. Before the first stage is told, the journal is written.
var milestones = [...]milestone{
	{ops.Phrase{{Verb: ops.Verb{Do: "write", Doing: "writing", Did: "wrote"}, Text: " the journal"}}, []string{"", "prepare", "record"}, "If the power fails: nothing has happened, or the commit can be finished or rolled back."},
	{ops.Phrase{{Verb: ops.Verb{Do: "hide", Doing: "hiding", Did: "hid"}, Text: " what moves"}}, []string{"fence", "extend"}, crashOffers},
	{ops.Phrase{{Verb: ops.Verb{Do: "copy", Doing: "copying", Did: "copied"}, Text: " data"}}, []string{"copy"}, crashOffers},
	{ops.Phrase{{Verb: ops.Verb{Do: "write", Doing: "writing", Did: "wrote"}, Text: " what is new"}}, []string{"place"}, crashOffers},
	{ops.Phrase{{Verb: ops.Verb{Do: "write", Doing: "writing", Did: "wrote"}, Text: " the partition table"}}, []string{"table", "shrink"}, crashOffers},
	{ops.Phrase{{Verb: ops.Verb{Do: "verify", Doing: "verifying", Did: "verified"}, Text: ""}}, []string{"verify", "keep"}, crashOffers},
	{ops.Phrase{{Verb: ops.Verb{Do: "done", Doing: "done", Did: "done"}, Text: ""}}, []string{"done"}, "If the power fails: the target is as planned."},
}

// milestoneOf finds the part of a commit that a stage belongs to, -1 if it is not known.
func milestoneOf(stage string) int {
	return slices.IndexFunc(milestones[:], func(m milestone) bool { return slices.Contains(m.stages, stage) })
}

// stoppedWords tell in which part of a commit it was interrupted.
func stoppedWords(stage string) string {
	at := milestoneOf(stage)
	if stage == "" || at < 0 {
		return stage
	}
	return "while " + milestones[at].words.Doing()
}

func pendingWords(n int) string {
	if n == 0 {
		return "nothing pending"
	}
	return fmt.Sprintf("%d pending", n)
}

func operationWords(n int) string {
	if n == 1 {
		return "1 pending operation"
	}
	return fmt.Sprintf("%d pending operations", n)
}

// droppedWords tell of pending operations that a changed target, or changed tools, made impossible.
func droppedWords(n int) string {
	if n == 1 {
		return "1 pending operation was dropped, it is no longer possible"
	}
	return operationWords(n) + " were dropped, they are no longer possible"
}

// sentence is an error as a line of its own.
func sentence(err error) string {
	text := widget.Clean(tried.Text(err))
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
