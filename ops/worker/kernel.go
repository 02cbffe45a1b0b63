package worker

import (
	"cmp"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/report"
	"shunt/ops/target"
)

// PartsOf returns the partitions of a disk as the kernel should know them.
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

// extendedLen returns how many sectors of an extended partition the kernel shows: enough for a boot loader, and nothing of
// a logical partition.
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

// UpdateKernel scans a target and gives the kernel its list of partitions. The error says what the user can do.
func UpdateKernel(d target.KernelDisk) (model.Disk, error) {
	if err := d.Refresh(); err != nil {
		return model.Disk{}, err
	}
	disk, err := Scan(d)
	if err != nil {
		return disk, err
	}
	return disk, d.Follow(PartsOf(disk))
}

// updateKernel gives the kernel the new list of partitions. If that fails, it adds advice to the result.
func (w *process) updateKernel(r *report.Result) model.Disk {
	d, known := w.target.(target.KernelDisk)
	if !known {
		return model.Disk{} // the kernel knows no partitions of an image file
	}
	disk, err := UpdateKernel(d)
	if err != nil {
		w.logf("%v", err)
		addAdvice(r, "The target itself is not affected, but "+err.Error()+".")
		return disk
	}
	var refs []string
	for _, p := range disk.Partitions() {
		refs = append(refs, p.Ref())
	}
	w.logf("the kernel knows the partitions: %s", cmp.Or(strings.Join(refs, ", "), "none"))
	return disk
}

// withdraw makes the kernel forget partitions, so that nobody can start to use them.
func (w *process) withdraw(numbers []int) error {
	if d, known := w.target.(target.KernelDisk); known {
		return d.Withdraw(numbers)
	}
	return nil
}

func addAdvice(r *report.Result, text string) {
	r.Advice = strings.TrimSpace(r.Advice + " " + text)
}
