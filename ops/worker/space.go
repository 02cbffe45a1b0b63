package worker

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/txn"
)

// warnings says what the commit may harm or run out of although the rehearsal succeeded.
func (w *process) warnings(tx *txn.Transaction, q ops.Queue) (list []string) {
	if names := w.spoiled(q); len(names) > 0 {
		list = append(list, report.OverlaysWarning(names))
	}
	return append(list, w.lackOfRoom(tx)...)
}

// spoiled names the images beside the target that show it as their backing file and are not what a commit comes from. Snapshots
// and backing files of the target do not matter to them.
func (w *process) spoiled(q ops.Queue) []string {
	if slices.ContainsFunc(q.Ops(), ops.KeepsDisk) {
		return nil
	}
	names := registry.Overlays(w.job.Path, w.job.Overlays...)
	for _, op := range q.Ops() {
		if other := ops.OtherOf(op); other != nil {
			names = slices.DeleteFunc(names, func(name string) bool {
				return filepath.Join(filepath.Dir(w.job.Path), name) == other.Path
			})
		}
	}
	return names
}

// lackOfRoom warns if the file system of the image may become full.
func (w *process) lackOfRoom(tx *txn.Transaction) []string {
	host, hosted := w.target.(target.Hosted)
	if !hosted {
		return nil // a device takes no more space
	}
	copies, rest, err := tx.NewSpace()
	if err != nil {
		w.logf("how much room the commit takes is not known: %v", err)
		return nil
	}
	free, shares, err := host.Room()
	if err != nil {
		w.logf("%v", err)
		return nil
	}
	need := rest
	if !shares {
		need += copies
	}
	if need <= free {
		return nil
	}
	if _, whole := w.target.(target.Switching); whole {
		return []string{fmt.Sprintf("Applying takes up to %s of room on the file system of the image, where %s are free. If it runs out, the disk stays as it is.",
			geometry.FormatBytes(geometry.Bytes(need)), geometry.FormatBytes(geometry.Bytes(free)))}
	}
	return []string{fmt.Sprintf(
		"Applying may take %s of room on the file system of the image, where %s are free. If it runs out, the commit is "+
			"interrupted and can be finished after making room, or rolled back.",
		geometry.FormatBytes(geometry.Bytes(need)), geometry.FormatBytes(geometry.Bytes(free)))}
}

// crowded adds to an error about a full disk how much room undos take there.
func (w *process) crowded(err error) error {
	if err == nil || !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EDQUOT) {
		return err
	}
	_, kept, _ := txn.InspectAll(w.rooms) // without them there is nothing to add
	if room := report.RoomOf(kept); room > 0 {
		return fmt.Errorf("%w; %s are kept to undo earlier commits, which `%s` frees", err, geometry.FormatBytes(room), w.job.Call.Line("undo", "--forget=1"))
	}
	return err
}

// advised adds advice to an error about a full disk.
func advised(err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return tried.Errorf("%w; make room there, or choose another directory with --journal", err)
	}
	return err
}
