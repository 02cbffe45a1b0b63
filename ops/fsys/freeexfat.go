package fsys

import (
	"encoding/binary"
	"io"

	"shunt/model"
)

// exfatFree adds the free clusters of an exFAT volume, which are the zeros of its allocation bitmap. The clusters of the
// bitmap and the first one of the root directory must be ones.
func exfatFree(r *io.SectionReader, _ model.Filesystem, list *freeList) error {
	head := make([]byte, bootSize)
	if err := readFull(r, head, 0); err != nil {
		return err
	}
	u32 := func(at int) int64 { return int64(binary.LittleEndian.Uint32(head[at:])) }
	shape, ok := exfatShape(head)
	const oneFAT, revision = 1, 1
	if !ok || head[exfatFATsAt] != oneFAT || head[exfatRevisionAt+1] != revision || u32(exfatFlagsAt)&0xFFFF != 0 ||
		shape.heap+(shape.end-exfatFirst)*shape.cluster > r.Size() {
		return errDoubt
	}
	l := exfatLister{exfatVolume: shape, f: r}
	root := u32(exfatRootAt)
	bitmap, err := l.findBitmap(root)
	if err != nil {
		return err
	}
	return l.freeIn(bitmap, root, list)
}

// findBitmap returns where the only allocation bitmap is, from its entry in the root directory.
func (l *exfatLister) findBitmap(root int64) (found exfatFound, err error) {
	const kind, number, entries = 0x81, 1, 16
	b := make([]byte, min(l.cluster, entries*fatDirEntry)) // the entry is one of the first
	if root < exfatFirst || root >= l.end {
		return found, errDoubt
	}
	if err := readFull(l.f, b, l.place(root)); err != nil {
		return found, err
	}
	for ; len(b) >= fatDirEntry && b[0] != 0; b = b[fatDirEntry:] {
		if b[0] != kind {
			continue
		}
		if b[1]&number != 0 || found.length != 0 {
			return found, errDoubt
		}
		found.first = int64(binary.LittleEndian.Uint32(b[20:]))
		found.length = max(0, int64(binary.LittleEndian.Uint64(b[24:])))
	}
	if found.length != (l.end-exfatFirst+7)/8 {
		return found, errDoubt
	}
	return found, nil
}

// freeIn adds the zeros of the bitmap.
func (l *exfatLister) freeIn(bitmap exfatFound, root int64, list *freeList) (err error) {
	own := []int64{root}
	bits := zeroBits{n: l.end - exfatFirst, add: func(from, to int64) {
		list.add(l.place(from+exfatFirst), l.place(to+exfatFirst))
	}}
	b := make([]byte, l.cluster)
	for c, left := bitmap.first, bitmap.length; left > 0; left -= l.cluster {
		if c < exfatFirst || c >= l.end {
			return errDoubt
		}
		own = append(own, c)
		piece := b[:min(l.cluster, left)]
		if err := readFull(l.f, piece, l.place(c)); err != nil {
			return err
		}
		bits.read(piece)
		if c, err = l.next(bitmap, c); err != nil {
			return err
		}
	}
	for _, c := range own {
		if list.touches(l.place(c), l.place(c+1)) {
			return errDoubt
		}
	}
	return nil
}
