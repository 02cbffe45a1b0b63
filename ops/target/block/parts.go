package block

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
	"shunt/ops/target/internal/held"
	"shunt/ops/target/internal/kernel"
)

// A call is one change to the partitions that the kernel knows.
type call struct {
	verb int32 // unix.BLKPG_ADD_PARTITION and so on
	part target.Part
}

// callsFor returns the calls that turn the partitions the kernel has into those it should have. It removes those that are
// gone or have moved, then shortens, then lengthens, and adds the others last. A partition in use can only change its
// length.
func callsFor(have, want []target.Part) []call {
	find := func(list []target.Part, p target.Part) (same target.Part, there bool) {
		i := slices.IndexFunc(list, func(q target.Part) bool { return q.Number == p.Number && q.Start == p.Start })
		if i < 0 {
			return target.Part{}, false
		}
		return list[i], true
	}
	var gone, shorter, longer, added []call
	for _, old := range have {
		switch now, stays := find(want, old); {
		case !stays:
			gone = append(gone, call{unix.BLKPG_DEL_PARTITION, old})
		case now.Len < old.Len:
			shorter = append(shorter, call{unix.BLKPG_RESIZE_PARTITION, now})
		case now.Len > old.Len:
			longer = append(longer, call{unix.BLKPG_RESIZE_PARTITION, now})
		}
	}
	for _, now := range want {
		if _, there := find(have, now); !there {
			added = append(added, call{unix.BLKPG_ADD_PARTITION, now})
		}
	}
	// The highest number comes first, so that of partitions that grow in a row each finds its space free.
	byNumber := func(x, y call) int { return cmp.Compare(y.part.Number, x.part.Number) }
	for _, list := range [][]call{gone, shorter, longer} {
		slices.SortFunc(list, byNumber)
	}
	slices.SortFunc(added, func(x, y call) int { return byNumber(y, x) })
	return slices.Concat(gone, shorter, longer, added)
}

// kernelParts lists the partitions of the device that the kernel knows.
func (b *device) kernelParts() ([]target.Part, error) {
	var list []target.Part
	for number, d := range b.disk.Parts() {
		start, n, err := d.Span()
		if err != nil {
			return nil, err
		}
		list = append(list, target.Part{Number: number, Start: start, Len: n})
	}
	slices.SortFunc(list, func(x, y target.Part) int { return cmp.Compare(x.Number, y.Number) })
	return list, nil
}

// Follow makes the changes, then reads the kernel's list back and compares it.
func (b *device) Follow(want []target.Part) error {
	have, err := b.kernelParts()
	if err != nil {
		return err
	}
	var failed error
	for _, c := range callsFor(have, want) {
		if err := b.change(c); err != nil {
			this := fmt.Errorf("p%d: %w", c.part.Number, err)
			if failed != nil {
				this = fmt.Errorf("%w; %w", failed, this)
			}
			failed = this
			if kernel.Unsupported(err) || errors.Is(err, unix.EINVAL) {
				break // it is the same with all the others
			}
		}
	}
	now, err := b.kernelParts()
	if err != nil {
		return err
	}
	var stale []string
	for _, c := range callsFor(now, want) {
		if name := fmt.Sprintf("p%d", c.part.Number); !slices.Contains(stale, name) {
			stale = append(stale, name)
		}
	}
	if len(stale) == 0 {
		return nil
	}
	advice := "unmount or stop what uses it, then run `partx"
	if b.disk.Is("dm-") {
		advice = "run `kpartx"
	}
	return fmt.Errorf("the kernel still has the old data of %s of %[2]s (%[3]w): %[4]s -u %[2]s`", strings.Join(stale, ", "),
		b.disk.Node(), cmp.Or(failed, errors.New("although it accepted every change")), advice)
}

func (b *device) Withdraw(numbers []int) error {
	have, err := b.kernelParts()
	if err != nil {
		return err
	}
	var taken []target.Part
	for _, p := range have {
		if !slices.Contains(numbers, p.Number) {
			continue
		}
		if err := b.change(call{unix.BLKPG_DEL_PARTITION, p}); err != nil {
			for _, back := range taken {
				err = errors.Join(err, b.change(call{unix.BLKPG_ADD_PARTITION, back}))
			}
			why := "something uses it"
			if use, busy := b.Uses(nil)[p.Number]; busy {
				why = "it is " + use.String()
			}
			return fmt.Errorf("p%d of %s cannot be kept from use while it changes: %s (%w); nothing was changed: "+
				"unmount or stop what uses it first", p.Number, b.Given, why, err)
		}
		taken = append(taken, p)
	}
	return nil
}

// change makes one change. It waits a moment for others that have the partition open.
func (b *device) change(c call) error {
	part := unix.BlkpgPartition{Start: c.part.Start, Length: c.part.Len, Pno: int32(c.part.Number)}
	arg := unix.BlkpgIoctlArg{Op: c.verb, Datalen: int32(unsafe.Sizeof(part)), Data: (*byte)(unsafe.Pointer(&part))}
	err := held.Patiently(held.PartPatience, func() error {
		return kernel.Retry(func() error {
			_, _, errno := unix.Syscall(unix.SYS_IOCTL, cmp.Or(b.Write, b.Read).Fd(), unix.BLKPG, uintptr(unsafe.Pointer(&arg)))
			if errno != 0 {
				return errno
			}
			return nil
		})
	}, unix.EBUSY)
	if c.verb == unix.BLKPG_DEL_PARTITION && errors.Is(err, unix.ENXIO) {
		return nil // it is gone already
	}
	return err
}
