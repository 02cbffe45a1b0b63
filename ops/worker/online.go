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
	"shunt/ops/report"
	"shunt/ops/target"
)

func growsMounted(s ops.Step) bool { return s.Kind == ops.StepGrowMounted }

// growMounted makes the kernel grow the mounted file systems of partitions that the commit made longer. If that fails, a
// partition is longer than its file system, which does no harm. disk is the target as the kernel knows it.
func (w *process) growMounted(ctx context.Context, q ops.Queue, disk model.Disk, r *report.Result) {
	steps, err := q.Compile()
	if err != nil {
		return // it compiled when it was rehearsed
	}
	var grown []int
	for _, s := range steps {
		if !growsMounted(s) {
			continue
		}
		words := s.Words(disk.SectorSize)
		w.logTimed(words.Do())
		w.link.at(func(p *report.Progress) { p.Stage, p.Doing = words.Do(), words.Doing() })
		w.link.sendProgress()
		want, _ := q.Preview().Partition(s.Part)
		grown = append(grown, want.Number)
		node := ""
		if d, known := w.target.(target.KernelDisk); known {
			node = d.Node(want.Number)
		}
		now, ok := disk.ByNumber(want.Number)
		switch {
		case !ok || now.Span != want.Span || node == "":
			err = errors.New("the kernel does not know its partition's new size")
		case now.Use.GrowsAt() == "":
			err = errors.New("it is no longer mounted")
		default:
			err = fsys.Tools{Run: w.runTool}.GrowMounted(ctx, s.FS, node, now.Use.GrowsAt())
		}
		if err != nil {
			w.logf("failed: %v", err)
			addAdvice(r, fmt.Sprintf("The partition table is as planned, but the file system in %s did not grow: %v. It works as before; %s.",
				s.Ref, err, growLater(s, w.target.Path(), node, want.Number)))
		}
	}
	if err := storeNoUndo(w.dir, grown); err != nil {
		w.logf("%v", err)
	}
}

// growLater says how to grow a mounted file system by hand.
func growLater(s ops.Step, disk, node string, number int) string {
	if node == "" { // the name that the kernel will give the partition
		node = strings.TrimRight(disk, "0123456789")
		if node != disk {
			node = disk + "p"
		}
		node += strconv.Itoa(number)
	}
	return fmt.Sprintf("to grow it later, run `%s` if the kernel does not know the new size yet, and `%s`",
		safetext.Command("partx", "-u", disk), safetext.Command(fsys.GrowByHand(s.FS, node, s.Mounted)...))
}
