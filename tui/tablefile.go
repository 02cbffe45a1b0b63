package tui

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/model/dump"
	"shunt/ops"
	"shunt/ops/plan"
	"shunt/tui/dialog"
)

// tablePath returns the proposal for the path of a saved partition table.
func (d document) tablePath() string { return strings.TrimSuffix(d.path, "/") + ".table" }

// inOrder returns why the partitions need no other numbers, or "".
func inOrder(_ Model, d document) model.Reason {
	return model.Reason(ops.Capital(string(ops.CannotSort(d.queue.Preview()))))
}

func noGPT(_ Model, d document) model.Reason {
	if disk := d.queue.Preview(); disk.Table.Kind != model.TableGPT || !disk.ReadOnly().OK() {
		return cmp.Or(disk.ReadOnly(), "Only a GPT has that")
	}
	return ""
}

func noTableToSave(_ Model, d document) model.Reason {
	if d.queue.Initial().Table.Kind == model.TableNone {
		return "There is no partition table that could be saved"
	}
	return ""
}

func (m Model) askSaveTable(d document) Model {
	return m.push(dialog.NewPath(dialog.SaveTable, "Save the partition table",
		"Writes the table as it is on "+d.name()+" now, in sfdisk's format: every partition with its place, type and IDs, and no contents.", d.tablePath()))
}

func (m Model) askRestoreTable(d document) Model { return m.push(dialog.NewOpenTable(d.tablePath())) }

// readTable stages the restoration of the partition table in a file.
func readTable(d document, path string) tea.Cmd {
	return func() tea.Msg {
		t, err := tableIn(path)
		return result(func(m Model) (Model, tea.Cmd) { return m.tableRead(d, t, err), nil })
	}
}

// tableIn reads a saved partition table.
func tableIn(path string) (dump.Table, error) {
	f, err := openText(path, "the saved table")
	if err != nil {
		return dump.Table{}, err
	}
	defer func() { _ = f.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(f, dump.MaxBytes+1))
	if err != nil {
		return dump.Table{}, fmt.Errorf("read the saved table %s: %w", path, err)
	}
	t, err := dump.Parse(string(text))
	if err != nil {
		err = fmt.Errorf("%s: %w. Nothing was staged", path, err)
	}
	return t, err
}

// tableRead stages a saved table, unless the target or its queue has changed since it was asked for.
func (m Model) tableRead(asked document, t dump.Table, err error) Model {
	i, ok := m.byGen(asked.gen)
	if !ok {
		return m
	}
	d := m.docs[i]
	var q ops.Queue
	if err == nil {
		q, err = asked.queue.Edit(ops.NewRestore(asked.queue, t))
	}
	switch {
	case err != nil:
		return m.refuse(err)
	case d.seen != asked.seen || d.run.active() || plan.Format(d.queue) != plan.Format(asked.queue):
		return m.say(toneWarn, d.name()+" or its pending operations changed meanwhile: restore the table again")
	case q.Len() == 0:
		return m.refuse(errors.New("the disk has this table already"))
	}
	d.pane = tablePane
	return m.withDoc(i, d.with(q, 0)).say(toneGood, pendingWords(q.Len())+": a applies, u takes back the last")
}
