package tui

import (
	"fmt"
	"slices"
	"strings"

	"shunt/ops"
	"shunt/tui/widget"
)

// This file holds the words for how things ended. Each says what happened, what it means for the data,
// and what can be done.

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

// tellResult is how a run on the named target ended.
func tellResult(kind runKind, name string, r ops.Result) telling {
	t := telling{advice: r.Advice}
	switch r.Outcome {
	case ops.Done:
		t.head, t.tone = "Done", toneGood
		t.meaning = name + " is exactly as planned. Every change was verified before it was made real."
		if kind == recoverRun {
			t.meaning = "The interrupted transaction was finished: " + name + " is exactly as planned."
		}
	case ops.RolledBack:
		t.head, t.tone = "Rolled back", toneWarn
		t.meaning = name + " is exactly as it was before. None of the operations was carried out; they are still pending."
		switch kind {
		case recoverRun:
			t.tone = toneGood
			t.meaning = "The interrupted transaction was undone: " + name + " is exactly as it was before."
		case undoRun:
			t.tone = toneGood
			t.meaning = "What was applied last was taken back: " + name + " is exactly as it was before that."
		case followRun:
			t.tone = toneGood
			t.meaning = name + " is exactly as it was before."
		case applyRun, rehearseRun:
		}
	case ops.Interrupted:
		t.head, t.tone = "Interrupted", toneBad
		t.meaning = name + " is between two states. No data is lost: the journal holds all that is needed to finish " +
			"or to roll back. Do not mount or boot it until then."
		if t.advice == "" {
			t.advice = "Close this page to choose between the two, or run `shunt recover` later."
		}
	case ops.Unchanged:
		t.head, t.tone = "Nothing was changed", toneWarn
		t.meaning = name + " is exactly as it was; nothing has been written to it. The operations are still pending."
		switch kind {
		case recoverRun:
			t.meaning = "Nothing has been written to " + name + ". Its interrupted transaction still has to be finished or rolled back."
		case undoRun:
			t.meaning = "Nothing has been written to " + name + ", and what was applied stays applied."
		case followRun:
			t.meaning = name + " is exactly as it was; nothing has been written to it."
		case applyRun, rehearseRun:
		}
	}
	return t
}

// lastText is how a commit ended while nobody was there.
func lastText(name string, last Last) []string {
	kind, what := followRun, "The last commit"
	if last.Recovery {
		kind, what = recoverRun, "The last recovery"
	}
	t := tellResult(kind, name, last.Result)
	lines := []string{fmt.Sprintf("%s of %s ended at %s: %s.", what, name, last.When, strings.ToLower(t.head)), t.meaning}
	if last.Result.Err != "" {
		lines = append(lines, widget.Clean(last.Result.Err))
	}
	if last.Result.Outcome == ops.Unchanged && t.advice != "" {
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
func tellRehearsal(kind runKind, name string, r ops.Report) telling {
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

// tellRefused is that a target cannot be opened.
func tellRefused(name string, err error) telling {
	return telling{
		head:    name + " cannot be opened",
		meaning: err.Error(),
		advice:  "It was not changed. Press o to open it again or another target, or q to quit.",
		tone:    toneBad,
	}
}

// tellLost is that a target could not be read again after a run.
func tellLost(name string, err error) telling {
	return telling{
		head:    name + " could not be read again",
		meaning: err.Error(),
		advice:  "What the last run reported still holds. Press o and Enter to open it anew, or q to quit.",
		tone:    toneBad,
	}
}

// milestone is a part of a commit as its page shows it; several stages make one.
type milestone struct {
	name   string
	stages []string // as the progress calls them
	crash  string   // what an interruption here leads to
}

const crashOffers = "If the power fails: opening the target again offers to finish or to roll back."

// milestones are the parts of a commit in order. Before the first stage is told, the journal is written.
var milestones = [...]milestone{
	{"record", []string{"", "prepare", "record"}, "If the power fails: nothing has happened, or the commit can be finished or rolled back."},
	{"fence", []string{"fence", "extend"}, crashOffers},
	{"copy", []string{"copy"}, crashOffers},
	{"place", []string{"place"}, crashOffers},
	{"table", []string{"table", "shrink"}, crashOffers},
	{"verify", []string{"verify", "keep"}, crashOffers},
	{"done", []string{"done"}, "If the power fails: the target is as planned."},
}

// milestoneOf finds the part of a commit that a stage belongs to, -1 if it is not known.
func milestoneOf(stage string) int {
	return slices.IndexFunc(milestones[:], func(m milestone) bool { return slices.Contains(m.stages, stage) })
}

func pendingWords(n int) string {
	switch n {
	case 0:
		return "nothing pending"
	case 1:
		return "1 pending"
	}
	return fmt.Sprintf("%d pending", n)
}

func operationWords(n int) string {
	if n == 1 {
		return "1 pending operation"
	}
	return fmt.Sprintf("%d pending operations", n)
}

// sentence is an error as a line of its own. One that begins with what was tried says that it failed.
func sentence(err error) string {
	text := widget.Clean(err.Error())
	if strings.HasPrefix(text, "list ") {
		return "Cannot " + text
	}
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
