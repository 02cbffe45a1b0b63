package dialog

import (
	"fmt"

	"shunt/model"
	"shunt/ops"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// partTitle names a partition in a title: `p1 · xfs "docs"`.
func partTitle(p model.Partition, st *styles.Styles) string {
	title := p.Ref()
	if p.FS.Known() {
		title += " " + st.Dot + " " + string(p.FS.Kind)
	}
	if p.FS.Label != "" {
		title += fmt.Sprintf(" %q", widget.Clean(p.FS.Label))
	}
	return title
}

// contentsWord names a partition with its contents: `p2 (xfs "docs")`.
func contentsWord(p model.Partition) string {
	text := p.FS.Described()
	if p.Role == model.Extended {
		text = "extended"
	}
	if p.FS.Label != "" {
		text += ` "` + widget.Clean(p.FS.Label) + `"`
	}
	return p.Ref() + " (" + text + ")"
}

// partStyle returns the look of a partition.
func partStyle(p model.Partition, st *styles.Styles) styles.Look {
	if p.Role == model.Extended {
		return st.Extended
	}
	return st.FS(p.FS.Kind)
}

// kindChoice is a file system to choose from.
type kindChoice struct {
	kind model.FSKind
	word string
	off  model.Reason // why it cannot be made here
	lack string       // the package that is missing for that, in words, or ""
}

// kindChoices lists the possible contents of a partition in this order: the usual file system, the other file systems
// that this machine can make, no file system (described by nothing), and with a reason the file systems that it cannot
// make. File systems that no package can make are left out.
func kindChoices(env ops.Env, nothing string) []kindChoice {
	var can, cannot []kindChoice
	for _, row := range env.Caps.Matrix().Rows {
		c := kindChoice{kind: row.Kind, word: string(row.Kind), off: env.Caps.Of(row.Kind).Create}
		if pack := row.Cells[ops.CanCreate].Package; !c.off.OK() && pack != "" {
			c.lack = "needs " + pack
		}
		switch {
		case row.Kind == model.Unformatted, !c.off.OK() && env.Caps.Of(row.Kind).Package == "":
		case !c.off.OK():
			cannot = append(cannot, c)
		case row.Kind == model.Usual:
			can = append([]kindChoice{c}, can...)
		default:
			can = append(can, c)
		}
	}
	can = append(can, kindChoice{kind: model.Unformatted, word: nothing})
	return append(can, cannot...)
}
