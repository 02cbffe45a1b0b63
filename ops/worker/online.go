package worker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/journal"
	"shunt/ops/report"
)

func afterCommit(s ops.Step) bool { return s.Kind == ops.StepGrowMounted }

// growMounted has the kernel grow the mounted file systems of partitions that have become longer. The commit is over then:
// if it fails, a partition is longer than its file system, which does no harm. disk is the target as the kernel knows it.
func (w *process) growMounted(ctx context.Context, q ops.Queue, disk model.Disk, dir *journal.Dir, r *report.Result) {
	steps, err := q.Compile()
	if err != nil {
		return // it compiled when it was rehearsed
	}
	var grown []int
	tools := fsys.Tools{Run: w.runTool}
	for _, s := range steps {
		if !afterCommit(s) {
			continue
		}
		text := s.Text(disk.SectorSize)
		w.logf("== %s", text)
		w.link.at(func(p *report.Progress) { p.Stage = text })
		w.link.sendProgress()
		want, _ := q.Preview().Partition(s.Part)
		grown = append(grown, want.Number)
		if err := w.growOne(ctx, tools, s, want, disk); err != nil {
			w.logf("failed: %v", err)
			addAdvice(r, fmt.Sprintf("The partition table is as planned, but the file system in %s did not grow: %v. It works on as it was; %s.", s.Ref, err, w.again(s, want.Number)))
		}
	}
	if err := noteNoUndo(dir, grown); err != nil {
		w.logf("%v", err)
	}
}

func (w *process) growOne(ctx context.Context, tools fsys.Tools, s ops.Step, want model.Partition, disk model.Disk) error {
	now, ok := disk.ByNumber(want.Number)
	node := w.node(want.Number)
	switch {
	case !ok || now.Span != want.Span || node == "":
		return errors.New("the kernel does not know its partition's new size")
	case now.Use.GrowsAt() == "":
		return errors.New("it is not mounted any more")
	}
	return tools.GrowMounted(ctx, s.FS, node, now.Use.GrowsAt())
}

// again is how to grow the mounted file system in a partition by hand.
func (w *process) again(s ops.Step, number int) string {
	node := w.node(number)
	if node == "" { // the kernel will call it this once it knows it
		node = strings.TrimRight(w.target.Path(), "0123456789")
		if node != w.target.Path() {
			node = w.target.Path() + "p"
		}
		node += strconv.Itoa(number)
	}
	return fmt.Sprintf("to grow it later, run `%s` if the kernel does not know the new size yet, and `%s`",
		safetext.Command("partx", "-u", w.target.Path()), safetext.Command(fsys.GrowByHand(s.FS, node, s.Mounted)...))
}
