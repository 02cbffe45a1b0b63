package tui

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/widget"
)

// This file holds the texts about the results of runs, and the rules for all texts of the editor. People read them at
// night, on a small screen, with data at stake.
//
//   - Say what happened, what it means for the data, and what to do next: in this order, each once, and briefly. Name the
//     partition ("p2"), file or program.
//   - For the data, use one of these: "unchanged", "exactly as it was", "exactly as planned", "no data is lost".
//   - The next thing to do is a key of this page, or a command that can be typed as it stands.
//   - Use one word for one thing. Call the target an image or a disk only if the difference matters. Space outside of all
//     partitions is free space (the table calls it unallocated, as other editors do). Space that a file system does not
//     use is unused. Pending operations are applied, which means rehearsed and committed. u takes pending operations back.
//     An interrupted commit is finished or rolled back. A transaction that was applied is undone.
//   - The verb of a step in a list shows its state: move, moving, moved (ops.Phrase).
//   - A refusal (ops.Refusal) reads "cannot WHAT: REASON; NEAREST", without a capital letter or a full stop. An error that
//     says what was tried (package tried) reads the same. The page that shows it makes it a sentence.
//   - No blame, no thanks, no exclamation marks, and only characters with a stand-in in ASCII (frame.go).

// notice is a message to the user in three parts.
type notice struct {
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

// endings holds the texts about the result of a run. In the meaning, % stands for the target, and @ says how far it is as
// before. Kinds of runs without a text of their own use that of applyRun.
var endings = map[report.Outcome]struct {
	head    string
	tone    tone
	advice  string
	meaning map[runKind]string
}{
	report.Done: {"Done", toneGood, "", map[runKind]string{
		applyRun:  "% is exactly as planned. Every change was verified before it was written.",
		finishRun: "The interrupted transaction was finished: % is exactly as planned.",
	}},
	report.RolledBack: {"Rolled back", toneGood, "", map[runKind]string{
		applyRun:    "% is @. None of the operations was carried out; they are still pending.",
		finishRun:   "The interrupted transaction was rolled back: % is @.",
		rollBackRun: "The interrupted transaction was rolled back: % is @.",
		undoRun:     "The last apply was undone: % is @.",
		followRun:   "% is @.",
	}},
	report.Interrupted: {
		"Interrupted", toneBad, "No data is lost. Close this page, or open the target again, to finish or roll back.",
		map[runKind]string{applyRun: "% may be half changed: do not mount or boot it until it is finished or rolled back."},
	},
	report.Unchanged: {"Not done", toneWarn, "", map[runKind]string{
		applyRun:    "Nothing has been written to %. The operations are still pending.",
		finishRun:   "Nothing has been written to %. Its transaction still has to be finished or rolled back.",
		rollBackRun: "Nothing has been written to %. Its transaction still has to be finished or rolled back.",
		undoRun:     "Nothing has been written to %, and what was applied stays applied.",
		followRun:   "Nothing has been written to %.",
	}},
}

// resultNotice describes the result of a run on the named target. The advice of the result says what is lost, if anything.
func resultNotice(kind runKind, name string, r report.Result) notice {
	end := endings[r.Outcome]
	meaning := cmp.Or(end.meaning[kind], end.meaning[applyRun])
	meaning = strings.NewReplacer("%", name, "@", report.AsItWas(r.LostUnused)).Replace(meaning)
	t := notice{end.head, meaning, cmp.Or(r.Advice, end.advice), end.tone}
	if r.Outcome == report.RolledBack && (kind == applyRun || kind == rehearseRun) {
		t.tone = toneWarn // the user did not ask to roll back
	}
	return t
}

// undecidedNotice describes a run that was interrupted, but left no unfinished transaction.
func undecidedNotice(name string) notice {
	return notice{
		head: "Interrupted", tone: toneWarn,
		meaning: name + " has no unfinished transaction: it is exactly as planned or exactly as it was. No data is lost.",
		advice:  "The operations were kept: compare them with the disk shown, then apply them again or clear them with X.",
	}
}

// lastText describes a commit that ended while no program was watching.
func lastText(name string, last report.Last) []string {
	kind, what := followRun, "The last commit"
	switch last.Task {
	case report.Finish, report.RollBack:
		kind, what = finishRun, "The last recovery"
	case report.Undo:
		kind, what = undoRun, "The undo of the last apply"
	case report.Apply, report.Look:
	}
	t := resultNotice(kind, name, last.Result)
	when := last.When.Local().Format(time.DateTime)
	how := ": " + strings.ToLower(t.head)
	if last.Result.Outcome == report.Done {
		how = "" // the next line says it
	}
	lines := []string{fmt.Sprintf("%s of %s ended at %s%s.", what, name, when, how), t.meaning}
	if last.Result.Err != "" {
		lines = append(lines, stated(last.Result.Err, name))
	}
	advice := last.Result.Advice
	if last.Result.Outcome == report.Unchanged || last.Result.Outcome == report.Interrupted {
		advice = t.advice
	}
	if advice != "" {
		lines = append(lines, widget.Clean(advice))
	}
	for _, text := range last.Operations {
		lines = append(lines, widget.Clean(text))
	}
	return lines
}

// rehearsalNotice describes the result of a rehearsal.
func rehearsalNotice(kind runKind, name string, r report.Rehearsal) notice {
	if r.Err != "" {
		return notice{
			head:    "The rehearsal failed",
			meaning: "Nothing has been written to " + name + ". The operations are still pending.",
			advice:  "Press l to read all that the tools said.",
			tone:    toneBad,
		}
	}
	t := notice{head: "The rehearsal passed", tone: toneGood, meaning: "Nothing has been written to " + name + " so far."}
	if kind == rehearseRun {
		t.advice = "Press a to apply exactly this, without another rehearsal."
	}
	return t
}

// refusedNotice describes a target that cannot be opened.
func refusedNotice(name, path string, err error) notice {
	return notice{
		head:    name + " cannot be opened",
		meaning: sentence(err, name, path),
		advice:  "It was not changed. Press o to try again or to open another target, or q to quit.",
		tone:    toneBad,
	}
}

// lostNotice describes a target that could not be read again.
func lostNotice(d document) notice {
	next := "Press o and Enter to open it again, or q to quit."
	if n := d.queue.Len(); n > 0 {
		next = fmt.Sprintf("Press o and Enter to open it again, which keeps %s as far as possible, or q to quit.", operationWords(n))
	}
	return notice{
		head:    d.name() + " could not be read again",
		meaning: sentence(d.err, d.name(), d.path),
		advice:  d.holds + " " + next,
		tone:    toneBad,
	}
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

// droppedWords says how many pending operations are no longer possible on a changed target, or with changed tools.
func droppedWords(n int) string {
	if n == 1 {
		return "1 pending operation was dropped: it is no longer possible"
	}
	return operationWords(n) + " were dropped: they are no longer possible"
}

// stated returns the text of an error as a whole sentence. names are those that it may begin with.
func stated(text string, names ...string) string {
	text = strings.TrimRight(ops.Capital(widget.Clean(text), names...), " \n")
	if text != "" && !strings.ContainsAny(text[len(text)-1:], ".!?:") {
		text += "."
	}
	return text
}

// sentence returns an error as a sentence. names are those that it may begin with.
func sentence(err error, names ...string) string {
	return ops.Capital(widget.Clean(tried.Text(err)), names...)
}
