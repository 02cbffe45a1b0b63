package worker

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/txn"
)

// PartsOf are the partitions of a disk as the kernel is to know them.
func PartsOf(d model.Disk) []target.Part {
	list := make([]target.Part, 0, len(d.Partitions()))
	for _, p := range d.Partitions() {
		n := p.Span.Len()
		if p.Role == model.Extended {
			n = extendedLen(d, p)
		}
		list = append(list, target.Part{
			Number: p.Number, Start: int64(d.SectorSize.Bytes(p.Span.Start)), Len: int64(d.SectorSize.Bytes(n)),
		})
	}
	return list
}

// extendedLen is how much of an extended partition the kernel shows: enough for a boot loader, and nothing of what lies
// in it.
func extendedLen(d model.Disk, p model.Partition) geometry.Sector {
	n := geometry.Sector(1)
	if d.SectorSize == geometry.Sector512 {
		n = 2
	}
	for _, l := range d.Logicals() {
		n = min(n, l.Span.Start-p.Span.Start)
	}
	return min(n, p.Span.Len())
}

// Tell makes the kernel know the partitions that are on a target. The error says what to do.
func Tell(d target.KernelDisk) (model.Disk, error) {
	if err := d.Refresh(); err != nil {
		return model.Disk{}, err
	}
	disk, err := Scan(d)
	if err != nil {
		return disk, err
	}
	return disk, d.Follow(PartsOf(disk))
}

// tell tells the kernel what the target has become, and people if that cannot be done.
func (w *process) tell(r *report.Result) model.Disk {
	d, known := w.target.(target.KernelDisk)
	if !known {
		return model.Disk{} // no kernel looks into an image file
	}
	disk, err := Tell(d)
	if err != nil {
		w.logf("%v", err)
		addAdvice(r, "The target is as said, but "+err.Error()+".")
	} else {
		w.logf("the kernel knows the partitions: %s", refs(disk))
	}
	return disk
}

// withdraw keeps partitions that the kernel knows from use.
func (w *process) withdraw(numbers []int) error {
	if d, known := w.target.(target.KernelDisk); known {
		return d.Withdraw(numbers)
	}
	return nil
}

// node is the node of a partition, "" if the kernel does not know it.
func (w *process) node(number int) string {
	if d, known := w.target.(target.KernelDisk); known {
		return d.Node(number)
	}
	return ""
}

func refs(d model.Disk) string {
	var list []string
	for _, p := range d.Partitions() {
		list = append(list, p.Ref())
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

func addAdvice(r *report.Result, text string) {
	r.Advice = strings.TrimSpace(r.Advice + " " + text)
}

// idle keeps the partitions from use while a transaction is ended, and refuses that if it writes to a partition that is in
// use already: one can have been mounted after a crash that came before the fence.
func (w *process) idle(dir *journal.Dir) error {
	runs, err := txn.WrittenRuns(dir)
	if err != nil {
		return err
	}
	if err := w.target.Refresh(); err != nil {
		return err
	}
	disk, err := Scan(w.target)
	if err != nil {
		return err
	}
	var numbers []int
	for _, p := range disk.Partitions() {
		if !p.Use.Busy() {
			numbers = append(numbers, p.Number)
			continue
		}
		start, end := int64(disk.SectorSize.Bytes(p.Span.Start)), int64(disk.SectorSize.Bytes(p.Span.End))
		for _, r := range runs {
			if r.Off < end && start < r.Off+r.Len {
				return fmt.Errorf("%s is %s, and the transaction writes to it; nothing was changed: unmount or stop it first", p.Ref(), p.Use)
			}
		}
	}
	return w.withdraw(numbers)
}

// free keeps the partitions from use and refuses to take back a transaction while anything on the target is in use: what was there before may lie
// elsewhere.
func (w *process) free() error {
	disk, err := Scan(w.target)
	if err != nil {
		return err
	}
	var numbers []int
	for _, p := range disk.Partitions() {
		if p.Use.Busy() {
			return fmt.Errorf("%s is %s; nothing was changed: unmount or stop it first", p.Ref(), p.Use)
		}
		numbers = append(numbers, p.Number)
	}
	return w.withdraw(numbers)
}
