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

// lvmDriver uses no tools. Those of LVM only work on block devices, and udev activates a block device with a physical volume
// as soon as it appears.
func lvmDriver() Driver {
	return Driver{
		Kind: model.LVM2, Package: "lvm2", create: alone(), grow: alone(),
		shrink: cannot("LVM must move what lies at its end first: use `pvmove` and `pvresize --setphysicalvolumesize`"),
		check:  alone(),
		label:  cannot("an LVM physical volume has no label"),
		uuid:   cannot("its volume group knows it by its UUID: use `pvchange --uuid` or, for a copy, `vgimportclone`"),
		online: cannot("use `pvresize` while it is in use"),
		facts: ops.Capability{
			Copy: "LVM takes two physical volumes with one UUID for damage: add another one to its volume group and use `pvmove`",
			// The label, the metadata and one extent of the usual size.
			MinSize: 8 * geometry.MiB,
		},
		make: job.makeLVM, resize: job.resizeLVM, verify: job.verifyLVM,
		Ask:     ask("lvm2", "pvck", "--nolocking", "--dump", "headers", "{}"),
		NoFiles: "it is a physical volume of LVM: the files are in the logical volumes of its volume group",
	}
}

// A physical volume, integers little-endian. The label is in one of the first four sectors of 512 bytes, by default the
// second; its header ends the sector:
//
//	0   "LABELONE"   16  checksum from byte 20 on   24  "LVM2 001"
//	8   sector (8)   20  offset of the header
//
//	0   UUID (32)    40  data areas, metadata areas: offset (8), length (8) each, either list ended by a pair of zeroes
//	32  bytes (8)        version of the extension (4), flags (4), boot loader areas as above
//
// A metadata area begins with a sector of its own, and the text of the metadata lies in a ring behind that:
//
//	0   checksum from byte 4 on     24  offset (8)      40  text: offset in the area (8), length (8), checksum (4), flags (4)
//	4   magic (16)  20 version (4)  32  length (8)      64  the text that is about to be committed, alike
//
// Source: lvm2, man page pvck(8).
const (
	lvmSector  = 512
	lvmLabelAt = lvmSector
	lvmMagic   = " LVM2 x[5A%r0N*>"
	lvmAreaAt  = 4096 // the metadata area of a new one,
	lvmDataAt  = geometry.MiB
)

// physicalVolume holds the parts of a physical volume that shunt reads and writes, and their places.
type physicalVolume struct {
	label    []byte // its sector
	labelAt  int64
	header   int    // offset of the header in the label
	area     int64  // offset of the metadata area
	areaSize int64  //
	areaHead []byte // its first sector
	text     []byte // nil outside of a volume group
}

// readLVM reads the physical volume in w and checks its checksums.
func readLVM(w Window) (pv physicalVolume, err error) {
	le := binary.LittleEndian
	for i := range int64(4) {
		b := make([]byte, lvmSector)
		if err := readFull(w, b, i*lvmSector); err != nil {
			return pv, tried.Errorf("read the label: %w", err)
		}
		at := int64(le.Uint32(b[20:]))
		if string(b[:8]) == "LABELONE" && string(b[24:32]) == "LVM2 001" && le.Uint64(b[8:]) == uint64(i) && at >= 32 && at <= lvmSector-120 &&
			scan.LVMSum(b[20:]) == le.Uint32(b[16:]) {
			pv.label, pv.labelAt, pv.header = b, i*lvmSector, int(at)
			break
		}
	}
	if pv.label == nil {
		return pv, errors.New("it has no label with a right checksum")
	}
	lists := pv.label[pv.header+40:]
	data, rest, ok := lvmAreas(lists)
	meta, _, more := lvmAreas(rest)
	switch {
	case !ok || !more || len(data) != 1:
		return pv, errors.New("it has an unusual layout: use `pvresize`")
	case len(meta) != 1:
		return pv, fmt.Errorf("it has %d copies of its volume group's metadata and not one: use `pvresize`", len(meta))
	}
	pv.area, pv.areaSize = meta[0].from, meta[0].n
	return pv, pv.readText(w)
}

type lvmArea struct{ from, n int64 }

// lvmAreas reads a list of areas and returns what follows it.
func lvmAreas(b []byte) (list []lvmArea, rest []byte, ok bool) {
	for len(b) >= 16 {
		a := lvmArea{int64(binary.LittleEndian.Uint64(b)), int64(binary.LittleEndian.Uint64(b[8:]))}
		b = b[16:]
		if a.from == 0 {
			return list, b, true
		}
		list = append(list, a)
	}
	return nil, nil, false
}

// readText reads the metadata area.
func (pv *physicalVolume) readText(w Window) error {
	le, h := binary.LittleEndian, make([]byte, lvmSector)
	const most, mostText = 1 << 30, 8 << 20
	if pv.area < lvmSector || pv.area%lvmSector != 0 || pv.areaSize < 2*lvmSector || pv.areaSize > most || pv.areaSize%lvmSector != 0 {
		return fmt.Errorf("its metadata cannot lie at byte %d", pv.area)
	}
	if err := readFull(w, h, pv.area); err != nil {
		return tried.Errorf("read the metadata: %w", err)
	}
	if le.Uint32(h) != scan.LVMSum(h[4:]) || string(h[4:20]) != lvmMagic || int64(le.Uint64(h[24:])) != pv.area || int64(le.Uint64(h[32:])) != pv.areaSize {
		return errors.New("the header of its metadata is damaged")
	}
	pv.areaHead = h
	at, n := int64(le.Uint64(h[40:])), int64(le.Uint64(h[48:]))
	switch {
	case at == 0:
		return nil
	case at < lvmSector || at >= pv.areaSize || n < 1 || n > pv.areaSize-lvmSector:
		return fmt.Errorf("its metadata cannot lie at byte %d of their area", at)
	}
	if n > mostText {
		return fmt.Errorf("its metadata are longer than %d MiB: use `pvresize`", mostText>>20)
	}
	pv.text = make([]byte, n)
	first := min(n, pv.areaSize-at)
	if err := errors.Join(readFull(w, pv.text[:first], pv.area+at), readFull(w, pv.text[first:], pv.area+lvmSector)); err != nil {
		return tried.Errorf("read the metadata: %w", err)
	}
	if scan.LVMSum(pv.text) != le.Uint32(h[56:]) {
		return errors.New("the checksum of its metadata is wrong")
	}
	return nil
}

// write writes the label and the text. Like LVM it puts the text behind the last one and writes the header at the end.
func (pv *physicalVolume) write(w Window) error {
	le := binary.LittleEndian
	if pv.text != nil {
		at, n := int64(le.Uint64(pv.areaHead[40:])), int64(le.Uint64(pv.areaHead[48:]))
		next := (at + n + lvmSector - 1) / lvmSector * lvmSector
		ring := pv.areaSize - lvmSector
		for next >= pv.areaSize {
			next -= ring
		}
		if int64(len(pv.text))+n+2*lvmSector > ring {
			return errors.New("there is no room for another version of its metadata")
		}
		first := pv.text[:min(int64(len(pv.text)), pv.areaSize-next)]
		if _, err := w.WriteAt(first, pv.area+next); err != nil {
			return err
		}
		if rest := pv.text[len(first):]; len(rest) > 0 {
			if _, err := w.WriteAt(rest, pv.area+lvmSector); err != nil {
				return err
			}
		}
		le.PutUint64(pv.areaHead[40:], uint64(next))
		le.PutUint64(pv.areaHead[48:], uint64(len(pv.text)))
		le.PutUint32(pv.areaHead[56:], scan.LVMSum(pv.text))
	}
	le.PutUint32(pv.areaHead, scan.LVMSum(pv.areaHead[4:]))
	if _, err := w.WriteAt(pv.areaHead, pv.area); err != nil {
		return err
	}
	le.PutUint32(pv.label[16:], scan.LVMSum(pv.label[20:]))
	_, err := w.WriteAt(pv.label, pv.labelAt)
	return err
}

// verifyLVM checks all checksums, and that the metadata of the volume group, if there is one, can be read.
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

func (pv *physicalVolume) uuid() string { return string(pv.label[pv.header:][:32]) }

// resizeLVM writes the length of the window into the label and the metadata, as pvresize(8) does on devices. It refuses a
// volume group with more than one physical volume, because the others hold copies of the metadata.
func (j job) resizeLVM(ctx context.Context, size geometry.Bytes) error {
	err := j.edit(func(f File) error {
		pv, err := readLVM(f)
		le := binary.LittleEndian
		switch {
		case err != nil:
			return err
		case int64(size) != j.n:
			return fmt.Errorf("it can only be made as large as its partition, which has %d bytes", j.n)
		case le.Uint64(pv.areaHead[64:]) != 0:
			return errors.New("a change of its metadata was broken off: run `vgck --updatemetadata`")
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
		le.PutUint64(pv.label[pv.header+32:], uint64(j.n/lvmSector*lvmSector))
		return pv.write(f)
	})
	if err != nil {
		return err
	}
	if err := j.ended("shunt", size/lvmSector*lvmSector, size); err != nil {
		return err
	}
	return j.verifyLVM(ctx)
}

// makeLVM makes a physical volume without a volume group, with the layout that pvcreate(8) gives it.
func (j job) makeLVM(context.Context, Spec) error {
	le := binary.LittleEndian
	pv := physicalVolume{
		label: make([]byte, lvmSector), labelAt: lvmLabelAt, header: 32,
		area: lvmAreaAt, areaSize: int64(lvmDataAt) - lvmAreaAt, areaHead: make([]byte, lvmSector),
	}
	copy(pv.label, "LABELONE")
	le.PutUint64(pv.label[8:], lvmLabelAt/lvmSector)
	le.PutUint32(pv.label[20:], uint32(pv.header))
	copy(pv.label[24:], "LVM2 001")
	h := pv.label[pv.header:]
	copy(h, lvmID())
	le.PutUint64(h[32:], uint64(j.n/lvmSector*lvmSector))
	le.PutUint64(h[40:], uint64(lvmDataAt)) // up to the end
	le.PutUint64(h[72:], lvmAreaAt)
	le.PutUint64(h[80:], uint64(pv.areaSize))
	le.PutUint32(h[104:], 2) // version of the extension
	copy(pv.areaHead[4:], lvmMagic)
	le.PutUint32(pv.areaHead[20:], 1)
	le.PutUint64(pv.areaHead[24:], uint64(pv.area))
	le.PutUint64(pv.areaHead[32:], uint64(pv.areaSize))
	return j.edit(func(f File) error { return pv.write(f) })
}

// lvmID returns a random UUID as LVM has them: 32 letters and digits.
func lvmID() string {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	for i, x := range b {
		b[i] = letters[int(x)%len(letters)]
	}
	return string(b)
}
