package worker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/fsys"
	"shunt/ops/journal"
	"shunt/ops/txn"
)

func afterCommit(s ops.Step) bool { return s.Kind == ops.StepGrowMounted }

// growMounted has the kernel grow the mounted file systems of partitions that have become longer. The commit is over then:
// if it fails, a partition is longer than its file system, which does no harm. disk is the target as the kernel knows it.
func (w *process) growMounted(ctx context.Context, q ops.Queue, disk model.Disk, dir journal.Dir, r *ops.Result) {
	steps, err := q.Compile()
	if err != nil {
		return // it compiled when it was rehearsed
	}
	var grown []string
	tools := fsys.Tools{Run: w.runTool}
	for _, s := range steps {
		if !afterCommit(s) {
			continue
		}
		text := s.Text(disk.SectorSize)
		w.logf("== %s", text)
		w.link.at(func(p *ops.Progress) { p.Stage = text })
		w.link.sendProgress()
		grown = append(grown, s.Ref)
		if err := w.growOne(ctx, tools, s, q, disk); err != nil {
			w.logf("failed: %v", err)
			addAdvice(r, fmt.Sprintf("The partition table is as planned, but the file system in %s did not grow: %v. It works on as it was; %s.", s.Ref, err, w.again(s)))
		}
	}
	if err := noteNoUndo(dir, grown); err != nil {
		w.logf("%v", err)
	}
}

func (w *process) growOne(ctx context.Context, tools fsys.Tools, s ops.Step, q ops.Queue, disk model.Disk) error {
	want, _ := q.Preview().Partition(s.Part)
	now, ok := disk.ByNumber(want.Number)
	node := w.target.Node(want.Number)
	switch {
	case !ok || now.Span != want.Span || node == "":
		return errors.New("the kernel does not know its partition's new size")
	case now.MountedAt == "":
		return errors.New("it is not mounted any more")
	}
	return tools.GrowMounted(ctx, s.FS, node, now.MountedAt)
}

// again is how to grow a mounted file system by hand.
func (w *process) again(s ops.Step) string {
	node := w.target.Path() + " " + s.Ref
	if known := w.target.Node(number(s.Ref)); known != "" {
		node = known
	}
	command := fsys.GrowByHand(s.FS, node, s.Mounted)
	return fmt.Sprintf("to grow it later, run `partx -u %s` if the kernel does not know the new size yet, and `%s`", w.target.Path(), command)
}

// number is the number in a partition's "p1", 0 if there is none.
func number(ref string) int {
	n := 0
	if _, err := fmt.Sscanf(ref, "p%d", &n); err != nil {
		return 0
	}
	return n
}

// noUndoName is the file that says why the last transaction cannot be undone, in the journal's directory.
const noUndoName = "no-undo"

// noteNoUndo leaves word why what was committed last cannot be undone, or removes it if that is not so.
func noteNoUndo(dir journal.Dir, grown []string) error {
	if len(grown) == 0 {
		if err := dir.Remove(noUndoName); err != nil {
			return err
		}
		return dir.Vanish()
	}
	f, err := dir.Create(noUndoName)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(strings.Join(grown, ", ")+" grew while mounted"), 0)
	return errors.Join(err, f.Close())
}

// Undoable is the transaction that was applied last and can be undone, or the reason why there is none.
func Undoable(dir journal.Dir) (txn.Applied, error) {
	a, err := txn.Undoable(dir)
	if !errors.Is(err, txn.ErrNoUndo) {
		return a, err
	}
	why, lost := os.ReadFile(filepath.Join(dir.Path(), noUndoName))
	if lost != nil || len(why) == 0 || errors.Is(lost, fs.ErrNotExist) {
		return a, err
	}
	return a, fmt.Errorf("%w: in the last one %s, and what the kernel did to a file system in use cannot be taken back", err, why)
}
