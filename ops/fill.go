package ops

import (
	"shunt/geometry"
	"shunt/model"
)

// Fill makes the file system that covers a disk without a table as long as the disk.
type Fill struct {
	wholeDisk
}

// Describe returns "Grow ext4 in the disk by 64 MiB to fill it".
func (o Fill) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.Part())
	return phrase(growing, "%s in %s by %s to fill it", contents(p), p.Ref(), amount(o.length(before)-p.FS.Size))
}

// length is that of the file system after the edit, in bytes.
func (o Fill) length(d model.Disk) geometry.Bytes {
	n := d.Whole.Filling(d.Size())
	if d.Whole.Max > 0 {
		n = min(n, d.Whole.Max)
	}
	return n
}

// Apply returns the disk with the file system at its new size.
func (o Fill) Apply(before model.Disk, env Env) (model.Disk, error) {
	return edited(before, holder, o.Part(), "grow", func(p *model.Partition) *Refusal {
		reason, size := env.Caps.For(p.FS).Grow, o.length(before)
		switch {
		case !reason.OK():
			return refusedFor(reason)
		case size <= p.FS.Size:
			return refusedFor("it is as large as it can be: the disk ends there").near("enlarge the image first")
		}
		p.FS = p.FS.Checked()
		p.FS.Size = size
		return nil
	})
}

// Steps checks, resizes and verifies.
func (o Fill) Steps(before, after model.Disk) []Step {
	p, _ := before.Partition(o.Part())
	s := stepsOn(p)
	s.resize(p, after.Span(), after.Span(), after.Whole.Size)
	return s.steps
}
