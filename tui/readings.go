package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// undamaged returns why there is only one way to understand the table, or "".
func undamaged(_ Model, d document) model.Reason {
	for _, p := range d.queue.Initial().Problems() {
		if p.InTable {
			return ""
		}
	}
	return "The table is not damaged: nothing in it is ambiguous"
}

// openReadings reads the ways to understand a damaged table, and asks for one.
func (m Model) openReadings(d document) (Model, tea.Cmd) {
	find := d.queue.Env().Readings
	if find == nil {
		return m, nil
	}
	return m, func() tea.Msg {
		list := find()
		return result(func(m Model) (Model, tea.Cmd) { return m.askReading(d, list), nil })
	}
}

// askReading asks which reading of the table to take.
func (m Model) askReading(asked document, list []ops.Reading) Model {
	if i, ok := m.byGen(asked.gen); !ok || i != m.current || m.docs[i].seen != asked.seen {
		return m
	}
	if len(list) == 0 {
		return m.say(toneWarn, "Nothing of the table can be read: it can be restored from a saved one")
	}
	text := []string{"The table is damaged or contradicts itself. It can be understood like this; what you choose becomes a pending operation:"}
	answers := []dialog.Answer{{Label: "Leave it", Key: keymap.Bind("", "", "n"), Action: dialog.Close{}}}
	for i, r := range list {
		text = append(text, fmt.Sprintf("%d. %s: %s", i+1, ops.Capital(r.Text), partsOf(r, asked.queue.Initial().SectorSize)))
		answers = append(answers, dialog.Answer{
			Label: "Take " + fmt.Sprint(i+1), Key: keymap.Bind("", "", fmt.Sprint(i+1)), Risk: widget.Writes,
			Action: dialog.Stage{Op: ops.NewRestore(asked.queue, r.Table), Align: m.Align},
		})
	}
	return m.pushWhenFree(dialog.NewAsk("Which table?", dialog.Warning, text, answers...))
}

// partsOf lists the partitions of a reading.
func partsOf(r ops.Reading, z geometry.SectorSize) string {
	const most = 8
	parts := r.Table.Parts
	var words []string
	for _, p := range parts[:min(len(parts), most)] {
		words = append(words, fmt.Sprintf("%s %s at %s", p.Ref(), geometry.FormatBytes(z.Bytes(p.Span.Len())), geometry.FormatBytes(z.Bytes(p.Span.Start))))
	}
	switch n := len(parts) - len(words); {
	case len(parts) == 0:
		return "no partitions"
	case n > 0:
		words = append(words, fmt.Sprintf("%d more", n))
	}
	return strings.Join(words, ", ")
}
