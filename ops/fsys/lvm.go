package fsys

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan"
	"shunt/model/tried"
	"shunt/ops"
)

// lvmDriver uses no tools, because LVM's own only work on block devices, and udev activates a physical volume on a block
// device as soon as it appears.
func lvmDriver() Driver {
	return Driver{
		Kind: model.LVM2, Package: "lvm2", create: alone(), grow: alone(),
		shrink: cannot("LVM must first move the data at its end: use `pvmove` and `pvresize --setphysicalvolumesize`"),
		check:  alone(),
		label:  cannot("an LVM physical volume has no label"),
		uuid:   cannot("its volume group knows it by its UUID: use `pvchange --uuid` or, for a copy, `vgimportclone`"),
		online: cannot("while it is in use, run `pvresize` instead"),
		facts: ops.Capability{
			Copy: "LVM takes two physical volumes with one UUID for damage: add another to its volume group and use `pvmove`",
			// The label, the metadata and one extent of the usual size.
			MinSize: 8 * geometry.MiB,
		},
		make: job.makeLVM, resize: job.resizeLVM, verify: job.verifyLVM,
		Ask:     ask("lvm2", "pvck", "--nolocking", "--dump", "headers", "{}"),
		NoFiles: "it is a physical volume of LVM: the files are in the logical volumes of its volume group",
	}
}

// lvmLabel is the label of a physical volume. It is in one of the first four sectors of 512 bytes, usually the second.
// Integers are little-endian. Source: lvm2, man page pvck(8).
type lvmLabel struct {
	Magic  [8]byte // "LABELONE"
	Sector uint64  // the label's own
	Sum    uint32  // checksum from byte 20 of the sector on
	Header uint32  // offset of the header in the sector
	Type   [8]byte // "LVM2 001"
}

// lvmHeader fills the rest of the label's sector. Boot loader areas may follow.
type lvmHeader struct {
	UUID           [32]byte
	Bytes          uint64
	Data           lvmArea // extends to the end of the volume if its length is 0
	DataEnd        lvmArea // zeros, unless there are more data areas
	Meta           lvmArea
	MetaEnd        lvmArea // zeros, unless there are more metadata areas
	Version, Flags uint32  // of the extension
}

type lvmArea struct{ Off, Len uint64 }

// lvmAreaHead begins the first sector of a metadata area. The metadata text is in a ring buffer behind that sector.
type lvmAreaHead struct {
	Sum        uint32 // checksum of the sector from byte 4 on
	Magic      [16]byte
	Version    uint32
	At         lvmArea // the area itself
	Text, Next lvmText // the current text, and the next one during a change
}

// lvmText is the position of a text in the area.
type lvmText struct {
	Off, Len   uint64
	Sum, Flags uint32
}

const (
	lvmSector = 512
	lvmMagic  = " LVM2 x[5A%r0N*>"
	lvmAreaAt = 4096 // position of the metadata area in a new volume
	lvmDataAt = geometry.MiB
)

// physicalVolume holds the parts of a physical volume that shunt reads and writes.
type physicalVolume struct {
	labelSector, areaSector []byte // the sector of the label, and the first sector of the metadata area

	label  lvmLabel
	header lvmHeader
	area   lvmAreaHead
	text   []byte // nil if the volume belongs to no group
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
			l.Header >= 32 && l.Header <= lvmSector-120 && scan.LVMSum(b[20:]) == l.Sum {
			pv.labelSector = b
			break
		}
	}
	if pv.labelSector == nil {
		return pv, errors.New("it has no label with a correct checksum")
	}
	h := &pv.header
	decodeLE(pv.labelSector[pv.label.Header:], h)
	switch {
	case h.Data.Off == 0 || h.DataEnd.Off != 0:
		return pv, errors.New("it has an unusual layout: use `pvresize`")
	case h.Meta.Off == 0 || h.MetaEnd.Off != 0:
		return pv, errors.New("it does not have exactly one copy of its volume group's metadata: use `pvresize`")
	}
	return pv, pv.readText(w, int64(h.Meta.Off), int64(h.Meta.Len))
}

// readText reads the metadata area, which is size bytes long and begins at from.
func (pv *physicalVolume) readText(w Window, from, size int64) error {
	const most, mostText = 1 << 30, 8 << 20
	if from < lvmSector || from%lvmSector != 0 || size < 2*lvmSector || size > most || size%lvmSector != 0 {
		return fmt.Errorf("the position of its metadata (byte %d) is impossible", from)
	}
	pv.areaSector = make([]byte, lvmSector)
	if err := readFull(w, pv.areaSector, from); err != nil {
		return tried.Errorf("read the metadata: %w", err)
	}
	h := &pv.area
	decodeLE(pv.areaSector, h)
	if h.Sum != scan.LVMSum(pv.areaSector[4:]) || string(h.Magic[:]) != lvmMagic || h.At != pv.header.Meta {
		return errors.New("the header of its metadata is damaged")
	}
	at, n := int64(h.Text.Off), int64(h.Text.Len)
	switch {
	case at == 0:
		return nil
	case at < lvmSector || at >= size || n < 1 || n > size-lvmSector:
		return fmt.Errorf("the position of its metadata (byte %d of the area) is impossible", at)
	case n > mostText:
		return fmt.Errorf("its metadata is longer than %d MiB: use `pvresize`", mostText>>20)
	}
	pv.text = make([]byte, n)
	first := min(n, size-at)
	if err := errors.Join(readFull(w, pv.text[:first], from+at), readFull(w, pv.text[first:], from+lvmSector)); err != nil {
		return tried.Errorf("read the metadata: %w", err)
	}
	if scan.LVMSum(pv.text) != h.Text.Sum {
		return errors.New("the checksum of its metadata is wrong")
	}
	return nil
}

// write writes the label and the text. Like LVM it puts the new text behind the current one and writes the area's header
// last.
func (pv *physicalVolume) write(w Window) error {
	area, size := int64(pv.area.At.Off), int64(pv.area.At.Len)
	if n := int64(len(pv.text)); n > 0 {
		last := int64(pv.area.Text.Len)
		next := (int64(pv.area.Text.Off) + last + lvmSector - 1) / lvmSector * lvmSector
		ring := size - lvmSector
		for next >= size {
			next -= ring
		}
		if n+last+2*lvmSector > ring {
			return errors.New("there is no room for another version of its metadata")
		}
		first := min(n, size-next)
		if _, err := w.WriteAt(pv.text[:first], area+next); err != nil {
			return err
		}
		if rest := pv.text[first:]; len(rest) > 0 {
			if _, err := w.WriteAt(rest, area+lvmSector); err != nil {
				return err
			}
		}
		pv.area.Text.Off, pv.area.Text.Len, pv.area.Text.Sum = uint64(next), uint64(n), scan.LVMSum(pv.text)
	}
	encodeLE(pv.areaSector, pv.area)
	encodeLE(pv.areaSector, scan.LVMSum(pv.areaSector[4:]))
	if _, err := w.WriteAt(pv.areaSector, area); err != nil {
		return err
	}
	encodeLE(pv.labelSector[pv.label.Header:], pv.header)
	encodeLE(pv.labelSector[16:], scan.LVMSum(pv.labelSector[20:]))
	_, err := w.WriteAt(pv.labelSector, int64(pv.label.Sector)*lvmSector)
	return err
}

// decodeLE reads little-endian values from b, which must be long enough.
func decodeLE(b []byte, to any) { _, _ = binary.Decode(b, binary.LittleEndian, to) }

// encodeLE writes little-endian values into b, which must be long enough.
func encodeLE(b []byte, from any) { _, _ = binary.Encode(b, binary.LittleEndian, from) }

// verifyLVM verifies all checksums. If the volume belongs to a group, it also parses the group's metadata.
func (j job) verifyLVM(context.Context) error {
	return j.edit(func(f File) error {
		pv, err := readLVM(f)
		if err != nil || pv.text == nil {
			return err
		}
		g, err := parseLVM(pv.text)
		if err == nil {
			_, _, _, err = g.volume(pv.uuid(), j.n)
		}
		return err
	})
}

func (pv *physicalVolume) uuid() string { return string(pv.header.UUID[:]) }

// resizeLVM writes the length of the window into the label and the metadata, as pvresize(8) does on devices. It fails if
// the volume group has other physical volumes, because they hold copies of the metadata.
func (j job) resizeLVM(ctx context.Context, size geometry.Bytes) (least geometry.Bytes, err error) {
	err = j.edit(func(f File) error {
		pv, err := readLVM(f)
		switch {
		case err != nil:
			return err
		case pv.area.Next.Off != 0:
			return errors.New("a change of its metadata was interrupted: run `vgck --updatemetadata`")
		}
		if pv.text != nil {
			g, err := parseLVM(pv.text)
			if err != nil {
				return err
			}
			if pv.text, err = g.grown(pv.uuid(), j.n); err != nil {
				return err
			}
		}
		pv.header.Bytes = uint64(j.n / lvmSector * lvmSector)
		return pv.write(f)
	})
	if err != nil {
		return 0, err
	}
	return size / lvmSector * lvmSector, j.verifyLVM(ctx)
}

// makeLVM makes a physical volume that belongs to no volume group, with the layout of pvcreate(8).
func (j job) makeLVM(context.Context, Spec) error {
	meta := lvmArea{lvmAreaAt, uint64(lvmDataAt) - lvmAreaAt}
	pv := physicalVolume{
		labelSector: make([]byte, lvmSector), areaSector: make([]byte, lvmSector),
		label: lvmLabel{Magic: [8]byte([]byte("LABELONE")), Sector: 1, Header: 32, Type: [8]byte([]byte("LVM2 001"))},
		header: lvmHeader{
			UUID: [32]byte([]byte(lvmID())), Bytes: uint64(j.n / lvmSector * lvmSector), Data: lvmArea{Off: uint64(lvmDataAt)},
			Meta: meta, Version: 2,
		},
		area: lvmAreaHead{Magic: [16]byte([]byte(lvmMagic)), Version: 1, At: meta},
	}
	encodeLE(pv.labelSector, pv.label)
	return j.edit(func(f File) error { return pv.write(f) })
}

// lvmID returns a random UUID in LVM's form: 32 letters and digits.
func lvmID() string {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	for i, x := range b {
		b[i] = letters[int(x)%len(letters)]
	}
	return string(b)
}
