package dialog

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// NewConvert returns the question whether to turn the MBR of the queue's preview into a GPT, with the new partition
// numbers. An error says why that is impossible.
func NewConvert(q ops.Queue, align geometry.Alignment) (Dialog, error) {
	op := ops.ToGPT{}
	next, err := q.Stage(op)
	if err != nil {
		return nil, err
	}
	extended := ""
	if _, ok := q.Preview().Extended(); ok {
		extended = " A GPT needs no extended partition, and logical ones become ordinary ones."
	}
	text := []string{
		"Only the table changes: what is in the partitions stays where it is." + extended,
		"Partition numbers: " + numbers(q.Preview(), next.Preview()) + ".",
	}
	const loss = "A BIOS boot loader in the gap before the first partition is lost: a system that boots from this disk needs it " +
		"installed again."
	return NewLoss("Convert MBR to GPT?", loss, text,
		Answer{Label: "Keep the MBR", Key: keyNo("keep the MBR"), Action: Close{}},
		Answer{Label: "Convert", Key: keyYes("convert"), Action: Stage{Op: op, Align: align}}), nil
}

// numbers describes how the numbers of partitions change: "p5 becomes p2, the others stay".
func numbers(before, after model.Disk) string {
	var list []string
	same := 0
	for _, p := range before.Partitions() {
		switch q, ok := after.Partition(p.ID); {
		case !ok:
			list = append(list, p.Ref()+" is removed")
		case q.Number == p.Number:
			same++
		default:
			list = append(list, fmt.Sprintf("%s becomes %s", p.Ref(), q.Ref()))
		}
	}
	switch {
	case len(list) == 0:
		return "they stay as they are"
	case same > 0:
		list = append(list, "the others stay")
	}
	return strings.Join(list, ", ")
}
