package tui

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"shunt/model/tried"
	"shunt/ops/report"
)

// TestTellings holds every account of how something ended to the mechanical part of the rule in words.go.
func TestTellings(t *testing.T) {
	const name = "stick.raw"
	all := map[string]notice{
		"refused":           refusedNotice(name, "/images/"+name, errors.New(name+" is in use by qemu (pid 7): shut it down first")),
		"lost":              lostNotice(document{path: "/images/" + name, err: tried.Errorf("open %s: no such file or directory", name), holds: "It stays."}),
		"rehearsal failed":  rehearsalNotice(applyRun, name, report.Rehearsal{Err: "resize2fs failed"}),
		"rehearsal":         rehearsalNotice(rehearseRun, name, report.Rehearsal{}),
		"rehearsal, asking": rehearsalNotice(applyRun, name, report.Rehearsal{}),
	}
	for _, kind := range []runKind{applyRun, rehearseRun, finishRun, rollBackRun, undoRun, followRun} {
		for _, outcome := range []report.Outcome{report.Unchanged, report.Done, report.RolledBack, report.Interrupted} {
			all[fmt.Sprintf("%s of run %d", outcome, kind)] = resultNotice(kind, name, report.Result{Outcome: outcome})
		}
	}
	for what, told := range all {
		if told.head == "" || told.meaning == "" {
			t.Errorf("%s: %+v does not say what happened or what it means", what, told)
		}
		if !strings.Contains(told.head+told.meaning, name) {
			t.Errorf("%s: %+v does not name the target", what, told)
		}
		if strings.HasSuffix(told.head, ".") {
			t.Errorf("%s: %q is a sentence", what, told.head)
		}
		if told.advice != "" && !strings.HasSuffix(told.advice, ".") {
			t.Errorf("%s: %q is not a sentence", what, told.advice)
		}
		if told.tone == toneBad && told.advice == "" {
			t.Errorf("%s: nothing says what to do", what)
		}
		for _, text := range []string{told.head, told.meaning, told.advice} {
			if strings.Contains(text, "  ") || strings.ContainsAny(text, "!") || strings.Contains(strings.ToLower(text), "error") {
				t.Errorf("%s: %q is not worded as words.go asks", what, text)
			}
			if strings.ContainsFunc(text, func(r rune) bool { return r > '~' }) {
				t.Errorf("%s: %q is not ASCII", what, text)
			}
		}
	}
}
