package dialog

import (
	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/widget"
)

// NewPasteOver asks whether a copy takes the place of what a partition of the queue's preview holds. An error says why
// it cannot.
func NewPasteOver(q ops.Queue, clip Clip, id model.PartID, align geometry.Alignment) (Ask, error) {
	over, _ := q.Preview().Partition(id)
	op := ops.CopyOver{ID: id, From: clip.from(), Source: clip.Source}
	v := judge(q, op)
	if v.err != nil {
		return Ask{}, v.err
	}
	text := []string{v.what + "."}
	if over.FS.Known() {
		text = append(text, "Everything in "+contentsWord(over)+" is lost when it is applied.")
	} else {
		text = append(text, "Whatever is in "+over.Ref()+" is lost when it is applied.")
	}
	text = append(text, copyNotes(clip)...)
	return NewAsk("Paste over "+over.Ref()+"?", Warning, text,
		YesNo("Keep "+over.Ref(), "Paste over it", widget.Writes, Stage{Op: op, Align: align})...), nil
}

// contentsWord names a partition by what is in it: `p2 (xfs "docs")`.
func contentsWord(p model.Partition) string {
	text := string(p.FS.Kind)
	switch {
	case p.Role == model.Extended:
		text = "extended"
	case !p.FS.Known():
		text = "nothing known"
	}
	if p.FS.Label != "" {
		text += ` "` + widget.Clean(p.FS.Label) + `"`
	}
	return p.Ref() + " (" + text + ")"
}
