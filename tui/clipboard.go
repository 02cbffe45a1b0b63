package tui

import (
	"cmp"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/dialog"
)

// clip is the partition that was copied last, from any open target. Only the choice is remembered: a paste copies the
// contents that the partition has when the operation is carried out.
type clip struct {
	gen  int // generation of its target, 0 if nothing was copied
	part model.Partition
	size geometry.Bytes
}

// copyPart remembers the selected partition.
func (m Model) copyPart(d document) Model {
	p, _ := d.partition()
	if err := tryCopy(m, d); err != nil {
		return m.refuse(err)
	}
	m.clip = clip{gen: d.gen, part: p, size: d.queue.Preview().SectorSize.Bytes(p.Span.Len())}
	return m.say(toneGood, p.Ref()+" is copied: v pastes it, here or in another target")
}

func tryCopy(_ Model, d document) error {
	p, _ := d.partition()
	if reason := d.whyNoCopy(p); !reason.OK() {
		return &ops.Refusal{What: "copy " + p.Ref(), Reason: reason}
	}
	return nil
}

// whyNoCopy returns why a partition cannot be copied, or "".
func (d document) whyNoCopy(p model.Partition) model.Reason {
	if p.Role == model.Extended {
		return "an extended partition only holds others: copy those"
	}
	return d.queue.Env().Caps.For(p.FS).Copy
}

// dropClip forgets the copied partition if its target is read again or closed, as its partitions may have changed.
func (m Model) dropClip(gen int) Model {
	if m.clip.gen == gen {
		m.clip = clip{}
	}
	return m
}

// clipFor returns the copied partition for pasting into document d. A *Refusal explains why it can no longer be pasted.
func (m Model) clipFor(d document) (dialog.Clip, error) {
	i, ok := m.byGen(m.clip.gen)
	if !ok {
		return dialog.Clip{}, &ops.Refusal{
			What: "paste", Reason: "nothing was copied",
			Nearest: "c copies the selected partition",
		}
	}
	from := m.docs[i]
	c := dialog.Clip{Part: m.clip.part, Where: from.name(), Bytes: m.clip.size}
	disk, what := from.queue.Initial(), "paste "+c.Part.Ref()+" of "+c.Where
	no := &ops.Refusal{What: what, Reason: "it is only pending there", Nearest: "apply that first"}
	if from.gen == d.gen {
		disk, no.Reason, no.Nearest = d.queue.Preview(), "it is not there any more", ""
	}
	p, ok := disk.Partition(c.Part.ID)
	if !ok {
		return c, no
	}
	c.Part, c.Bytes = p, disk.SectorSize.Bytes(p.Span.Len())
	if from.gen != d.gen {
		c.Source = &ops.Source{Path: from.facts.Path, Part: p, SectorSize: disk.SectorSize}
	}
	return c, nil
}

// nothingCopied returns the reason shown if there is nothing to paste.
func nothingCopied(m Model, d document) model.Reason {
	if _, err := m.clipFor(d); err != nil {
		return model.Reason(sentence(err))
	}
	return ""
}

// openPaste opens the dialog for a copy in the selected free space, or asks whether to overwrite the selected partition.
func (m Model) openPaste(d document) Model { return m.open(m.pasteDialog(d)) }

func tryPaste(m Model, d document) error {
	_, err := m.pasteDialog(d)
	return cmp.Or(ops.Unfit(d.queue.Preview()), err)
}

// pasteDialog returns the dialog for a copy into what is selected.
func (m Model) pasteDialog(d document) (dialog.Dialog, error) {
	c, err := m.clipFor(d)
	if err != nil {
		return nil, err
	}
	row, ok := d.selected()
	switch {
	case !ok || row.Kind == model.RowWhole:
		return nil, &ops.Refusal{What: "paste " + c.Ref(), Reason: "the disk has no partition table", Nearest: "T makes one"}
	case row.Kind == model.RowPartition:
		return dialog.NewPasteOver(d.queue, c, row.Partition.ID, d.align(m.Align))
	}
	return dialog.NewPaste(d.queue, c, row.Gap, d.align(m.Align))
}

// clipWords describes the copied partition, or returns "" if there is none. A message would say the same when it is copied.
func (m Model) clipWords(d document) string {
	i, ok := m.byGen(m.clip.gen)
	if !ok || m.note.text != "" {
		return ""
	}
	text := "Copied: " + m.clip.part.Ref()
	if m.clip.gen != d.gen {
		text += " of " + m.docs[i].name()
	}
	if m.clip.part.FS.Known() {
		text += ", " + string(m.clip.part.FS.Kind)
	}
	return text + ", " + geometry.FormatBytes(m.clip.size)
}
