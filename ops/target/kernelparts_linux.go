package target

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Withdraw is Target.Withdraw: the kernel knows no partitions of an image file.
func (r *Raw) Withdraw([]int) error { return nil }

// Follow is Target.Follow.
func (r *Raw) Follow([]Part) error { return nil }

// Node is Target.Node.
func (r *Raw) Node(int) string { return "" }

// Node is Target.Node.
func (b *Block) Node(number int) string {
	p, ok := b.disk.parts()[number]
	if !ok {
		return ""
	}
	return host().node(p)
}

// call is one change to the partitions that the kernel knows.
type call struct {
	verb int32 // unix.BLKPG_ADD_PARTITION and so on
	part Part
}

// callsFor is what turns the partitions that the kernel has into those it should have: first those go that are no more,
// or lie elsewhere, then those at their places change their length, shorter ones first, then the others come. A
// partition that is in use can only change its length.
func callsFor(have, want []Part) []call {
	find := func(list []Part, number int) (Part, bool) {
		i := slices.IndexFunc(list, func(p Part) bool { return p.Number == number })
		if i < 0 {
			return Part{}, false
		}
		return list[i], true
	}
	var gone, sized, added []call
	for _, old := range have {
		now, stays := find(want, old.Number)
		switch {
		case !stays || now.Start != old.Start:
			gone = append(gone, call{unix.BLKPG_DEL_PARTITION, old})
		case now.Len != old.Len:
			sized = append(sized, call{unix.BLKPG_RESIZE_PARTITION, now})
		}
	}
	for _, now := range want {
		if old, there := find(have, now.Number); !there || now.Start != old.Start {
			added = append(added, call{unix.BLKPG_ADD_PARTITION, now})
		}
	}
	grows := func(c call) int {
		if old, _ := find(have, c.part.Number); c.part.Len > old.Len {
			return 1
		}
		return 0
	}
	// The highest number first, both ways: of partitions that grow in a row each finds its room free.
	byNumber := func(x, y call) int { return cmp.Compare(y.part.Number, x.part.Number) }
	slices.SortFunc(gone, byNumber)
	slices.SortFunc(sized, func(x, y call) int {
		return cmp.Or(cmp.Compare(grows(x), grows(y)), byNumber(x, y))
	})
	slices.SortFunc(added, func(x, y call) int { return byNumber(y, x) })
	return slices.Concat(gone, sized, added)
}

// kernelParts lists the partitions of the device that the kernel knows.
func (b *Block) kernelParts() ([]Part, error) {
	var list []Part
	for number, d := range b.disk.parts() {
		start, n, err := d.span()
		if err != nil {
			return nil, err
		}
		list = append(list, Part{Number: number, Start: start, Len: n})
	}
	slices.SortFunc(list, func(x, y Part) int { return cmp.Compare(x.Number, y.Number) })
	return list, nil
}

// Follow is Target.Follow. What the kernel has afterwards is read back and compared.
func (b *Block) Follow(want []Part) error {
	have, err := b.kernelParts()
	if err != nil {
		return err
	}
	calls := callsFor(have, want)
	var failed []error
	for _, c := range calls {
		if err := b.tell(c); err != nil {
			failed = append(failed, fmt.Errorf("p%d: %w", c.part.Number, err))
			if unsupported(err) || errors.Is(err, unix.EINVAL) {
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
	return &StaleError{Node: host().node(b.disk), Parts: stale, mapped: b.disk.is("dm-"), Err: errors.Join(failed...)}
}

// StaleError is returned when the kernel goes on with another idea of the partitions than the table of the device.
type StaleError struct {
	Node   string
	Parts  []string // "p1"
	Err    error
	mapped bool // by device mapper
}

func (e *StaleError) Error() string {
	text := fmt.Sprintf("the kernel still knows %s of %s as it was", strings.Join(e.Parts, ", "), e.Node)
	if e.Err != nil {
		text += " (" + strings.ReplaceAll(e.Err.Error(), "\n", "; ") + ")"
	}
	if e.mapped {
		return fmt.Sprintf("%s: run `kpartx -u %s`", text, e.Node)
	}
	return fmt.Sprintf("%s: unmount or stop what uses it, then run `partx -u %s`", text, e.Node)
}

func (e *StaleError) Unwrap() error { return e.Err }

// Withdraw is Target.Withdraw.
func (b *Block) Withdraw(numbers []int) error {
	have, err := b.kernelParts()
	if err != nil {
		return err
	}
	var taken []Part
	for _, p := range have {
		if !slices.Contains(numbers, p.Number) {
			continue
		}
		if err := b.tell(call{unix.BLKPG_DEL_PARTITION, p}); err != nil {
			for _, back := range taken {
				err = errors.Join(err, b.tell(call{unix.BLKPG_ADD_PARTITION, back}))
			}
			why := "somebody uses it"
			if use, busy := b.Uses(nil)[p.Number]; busy {
				why = "it is " + use.String()
			}
			return fmt.Errorf("p%d of %s cannot be kept from use while it changes: %s (%w); nothing was changed: unmount or stop what uses it first", p.Number, b.path, why, err)
		}
		taken = append(taken, p)
	}
	return nil
}

// tell makes one change. A partition that is only looked at is waited for.
func (b *Block) tell(c call) error {
	part := unix.BlkpgPartition{Start: c.part.Start, Length: c.part.Len, Pno: int32(c.part.Number)}
	err := patiently(partPatience, func() error { return b.blkpg(c.verb, &part) }, unix.EBUSY)
	if c.verb == unix.BLKPG_DEL_PARTITION && errors.Is(err, unix.ENXIO) {
		return nil // it is gone already
	}
	return err
}

func (b *Block) blkpg(verb int32, part *unix.BlkpgPartition) error {
	arg := unix.BlkpgIoctlArg{Op: verb, Datalen: int32(unsafe.Sizeof(*part)), Data: (*byte)(unsafe.Pointer(part))}
	f := b.write
	if f == nil {
		f = b.read
	}
	return ioctlPointer(f, unix.BLKPG, unsafe.Pointer(&arg))
}
