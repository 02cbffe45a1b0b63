package fsys

import (
	"errors"
	"fmt"

	"shunt/geometry"
	"shunt/model/scan"
	"shunt/model/tried"
)

// physicalVolume holds the parts of a physical volume that shunt reads and writes. A volume has up to two metadata areas,
// each with a copy of its group's metadata: the first in front of the extents, the second behind them at its end.
type physicalVolume struct {
	sector []byte // the sector of the label
	label  lvmLabel
	header lvmHeader
	copies []lvmCopy
	text   []byte // nil if the volume belongs to no group
}

// lvmCopy is one metadata area.
type lvmCopy struct {
	sector []byte // the first sector
	head   lvmAreaHead
}

// ignored reports whether LVM no longer keeps the text of the area up to date (vgchange --metadatacopies).
func (c *lvmCopy) ignored() bool {
	const flag = 1
	return c.head.Text.Flags&flag != 0
}

func (pv *physicalVolume) uuid() string { return string(pv.header.UUID[:]) }

// dataEnd returns the byte at which the extents must end in a window of n bytes.
func (pv *physicalVolume) dataEnd(n int64) int64 {
	if len(pv.copies) > 1 {
		return min(n, int64(pv.copies[1].head.At.Off))
	}
	return n
}

// readLVM reads the physical volume in w and verifies its checksums.
func readLVM(w Window) (pv physicalVolume, err error) {
	for i := range int64(4) {
		b, l := make([]byte, lvmSector), &pv.label
		if err := readFull(w, b, i*lvmSector); err != nil {
			return pv, tried.Errorf("read the label: %w", err)
		}
		decodeLE(b, l)
		if string(l.Magic[:]) == "LABELONE" && string(l.Type[:]) == "LVM2 001" && l.Sector == uint64(i) &&
			l.Header >= 32 && l.Header <= lvmSector-lvmHeaderSize && scan.LVMSum(b[20:]) == l.Sum {
			pv.sector = b
			break
		}
	}
	if pv.sector == nil {
		return pv, errors.New("it has no label with a correct checksum")
	}
	h := &pv.header
	decodeLE(pv.sector[pv.label.Header:], h)
	areas := []lvmArea{h.Meta, h.Meta2}
	switch {
	case h.Meta.Off == 0:
		areas = nil
		if h.Meta2.Off>>32&lvmInGroup != 0 { // the extension follows the pair of zeros
			return pv, errors.New("it holds no copy of its volume group's metadata: use `pvresize`")
		}
	case h.Meta2.Off == 0:
		areas = areas[:1]
	}
	if h.Data.Off == 0 || h.DataEnd.Off != 0 || len(areas) > 1 && (h.Last.Off != 0 || h.Meta2.Off <= h.Data.Off) {
		return pv, errors.New("it has an unusual layout: use `pvresize`")
	}
	return pv, pv.readCopies(w, areas)
}

// readCopies reads the metadata areas. Those that LVM keeps up to date must hold the same text.
func (pv *physicalVolume) readCopies(w Window, areas []lvmArea) error {
	var first *lvmText
	for i, area := range areas {
		c := lvmCopy{sector: make([]byte, lvmSector)}
		text, err := c.read(w, area)
		if err != nil {
			return err
		}
		pv.copies = append(pv.copies, c)
		switch t := &c.head.Text; {
		case c.ignored():
		case first == nil:
			first, pv.text = t, text
		case t.Len != first.Len || t.Sum != first.Sum:
			return fmt.Errorf("copy %d of its volume group's metadata differs from the first: run `vgck --updatemetadata`", i+1)
		}
	}
	return nil
}

// read reads the metadata area at its place and returns its text, or nil if there is none.
func (c *lvmCopy) read(w Window, place lvmArea) (text []byte, err error) {
	const most, mostText = 1 << 30, 8 << 20
	from, size := int64(place.Off), int64(place.Len)
	if from < lvmSector || from%lvmSector != 0 || size < 2*lvmSector || size > most || size%lvmSector != 0 {
		return nil, fmt.Errorf("the position of its metadata (byte %d) is impossible", from)
	}
	if err := readFull(w, c.sector, from); err != nil {
		return nil, tried.Errorf("read the metadata: %w", err)
	}
	h := &c.head
	decodeLE(c.sector, h)
	if h.Sum != scan.LVMSum(c.sector[4:]) || string(h.Magic[:]) != lvmMagic || h.At != place {
		return nil, errors.New("the header of its metadata is damaged")
	}
	at, n := int64(h.Text.Off), int64(h.Text.Len)
	switch {
	case at == 0:
		return nil, nil
	case at < lvmSector || at >= size || n < 1 || n > size-lvmSector:
		return nil, fmt.Errorf("the position of its metadata (byte %d of the area) is impossible", at)
	case n > mostText:
		return nil, fmt.Errorf("its metadata is longer than %d MiB: use `pvresize`", mostText>>20)
	}
	text = make([]byte, n)
	first := min(n, size-at)
	if err := errors.Join(readFull(w, text[:first], from+at), readFull(w, text[first:], from+lvmSector)); err != nil {
		return nil, tried.Errorf("read the metadata: %w", err)
	}
	if scan.LVMSum(text) != h.Text.Sum && !c.ignored() {
		return nil, errors.New("the checksum of its metadata is wrong")
	}
	return text, nil
}

// toEnd places the second metadata area, if there is one, at the end of a volume of n bytes, where pvcreate(8) puts it: on a
// whole MiB, at least as long as it was in whole MiB. The old area becomes room for extents.
func (pv *physicalVolume) toEnd(w Window, n int64) error {
	if len(pv.copies) < 2 {
		return nil
	}
	head := &pv.copies[1].head
	unit := int64(geometry.MiB)
	if int64(head.At.Len) < unit {
		unit = lvmAreaAt
	}
	at := (n - max(1, int64(head.At.Len)/unit)*unit) / unit * unit
	if old := int64(head.At.Off); n >= old+int64(head.At.Len) {
		at = max(at, old) // extents may reach up to it
	}
	if at <= int64(pv.header.Data.Off) {
		return fmt.Errorf("its second metadata area would begin at byte %d, in front of its extents", at)
	}
	if _, err := w.WriteAt(make([]byte, lvmSector), int64(head.At.Off)); err != nil {
		return err
	}
	head.At = lvmArea{uint64(at), uint64(n - at)}
	if head.Text.Off != 0 {
		head.Text.Off, head.Text.Len = lvmSector, 0 // nothing to keep at the new place
	}
	pv.header.Meta2 = head.At
	return nil
}

// write writes all metadata areas, and then the label.
func (pv *physicalVolume) write(w Window) error {
	for i := range pv.copies {
		if err := pv.copies[i].write(w, pv.text); err != nil {
			return err
		}
	}
	encodeLE(pv.sector[pv.label.Header:], pv.header)
	encodeLE(pv.sector[16:], scan.LVMSum(pv.sector[20:]))
	_, err := w.WriteAt(pv.sector, int64(pv.label.Sector)*lvmSector)
	return err
}

// write writes the text and the header of an area. Like LVM it puts the new text behind the current one and writes the
// header last.
func (c *lvmCopy) write(w Window, text []byte) error {
	area, size := int64(c.head.At.Off), int64(c.head.At.Len)
	if n := int64(len(text)); n > 0 {
		last := int64(c.head.Text.Len)
		next := max(lvmSector, (int64(c.head.Text.Off)+last+lvmSector-1)/lvmSector*lvmSector)
		ring := size - lvmSector
		for next >= size {
			next -= ring
		}
		if n+last+2*lvmSector > ring {
			return errors.New("there is no room for another version of its metadata")
		}
		first := min(n, size-next)
		if _, err := w.WriteAt(text[:first], area+next); err != nil {
			return err
		}
		if rest := text[first:]; len(rest) > 0 {
			if _, err := w.WriteAt(rest, area+lvmSector); err != nil {
				return err
			}
		}
		c.head.Text.Off, c.head.Text.Len, c.head.Text.Sum = uint64(next), uint64(n), scan.LVMSum(text)
	}
	encodeLE(c.sector, c.head)
	encodeLE(c.sector, scan.LVMSum(c.sector[4:]))
	_, err := w.WriteAt(c.sector, area)
	return err
}
