package dialog

import (
	"shunt/model"
	"shunt/ops"
)

// kindChoice is a file system that something can be given.
type kindChoice struct {
	kind model.FSKind
	word string
	off  model.Reason // why it cannot be made here
}

// kindChoices lists what a partition can be given: the file systems that can be made on this machine in the order of
// the support matrix, with the usual one first; nothing, under the given word; and the ones that cannot be
// made, with the reason. What no package at all makes is not offered.
func kindChoices(env ops.Env, nothing string) []kindChoice {
	var can, cannot []kindChoice
	for _, row := range env.Caps.Matrix().Rows {
		c := kindChoice{kind: row.Kind, word: string(row.Kind), off: env.Caps.Of(row.Kind).Create}
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
