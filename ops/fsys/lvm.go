package fsys

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/scan/lvmtext"
	"shunt/ops"
)

// lvmDriver uses no tools, because LVM's own only work on block devices, and udev activates a physical volume on a block
// device as soon as it appears.
func lvmDriver() Driver {
	return Driver{
		Kind: model.LVM2, Package: "lvm2", create: alone(), grow: alone(), shrink: alone(), check: alone(),
		label:  cannot("an LVM physical volume has no label"),
		uuid:   cannot("its volume group knows it by its UUID: use `pvchange --uuid` or, for a copy, `vgimportclone`"),
		online: cannot("while it is in use, run `pvresize` instead"),
		facts: ops.Capability{
			Copy: "LVM takes two physical volumes with one UUID for damage: add another to its volume group and use `pvmove`",
			// The label, the metadata and one extent of the usual size.
			MinSize: 8 * geometry.MiB, Slack: ops.NoSlack,
		},
		make: job.makeLVM, resize: job.resizeLVM, verify: job.verifyLVM,
		Ask: Inquiry{
			Package: "lvm2", Argv: []string{"pvck", "--nolocking", "--dump", "headers", "{}"},
			Noise: "  Failed to find sysfs mount point",
		},
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

// lvmHeader fills the rest of the label's sector. It continues with the second metadata area, if there is one, a pair of
// zeros, the version of an extension with its flags, and boot loader areas.
type lvmHeader struct {
	UUID    [32]byte
	Bytes   uint64
	Data    lvmArea // extends to the end of the volume, or to the second metadata area, if its length is 0
	DataEnd lvmArea // zeros, unless there are more data areas
	Meta    lvmArea // the first metadata area, or zeros
	Meta2   lvmArea // the second one at the end of the volume, or zeros
	Last    lvmArea // zeros behind a second metadata area; else the beginning of the extension
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

	lvmExtension = 2 // version of the extension of the header
	lvmInGroup   = 1 // flag of the extension, in the upper half of that word: the volume belongs to a group

	lvmHeaderSize = 32 + 8 + 5*16
)

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
		g, err := lvmtext.Parse(pv.text)
		if err != nil {
			return err
		}
		v, err := g.Volume(pv.uuid())
		if end := pv.dataEnd(j.n); err == nil && v.Count > v.Fits(end) {
			err = fmt.Errorf("its extents go beyond byte %d, where the room for them ends", end)
		}
		return err
	})
}

// resizeLVM writes the new length into the label and the metadata, as pvresize(8) does on devices. A second
// metadata area moves to the new end. Extents in use stay where they are, and the volume must not end before them. It fails if the volume group has other physical volumes, because they hold copies of
// the metadata.
func (j job) resizeLVM(ctx context.Context, size geometry.Bytes) (least geometry.Bytes, err error) {
	n := int64(size) / lvmSector * lvmSector
	err = j.edit(func(f File) error {
		pv, err := readLVM(f)
		if err != nil {
			return err
		}
		for _, c := range pv.copies {
			if c.head.Next.Off != 0 {
				return errors.New("a change of its metadata was interrupted: run `vgck --updatemetadata`")
			}
		}
		if err := pv.toEnd(f, n); err != nil {
			return err
		}
		if pv.text != nil {
			g, err := lvmtext.Parse(pv.text)
			if err != nil {
				return err
			}
			if pv.text, err = g.Resized(pv.uuid(), pv.dataEnd(n), n); err != nil {
				return err
			}
		}
		pv.header.Bytes = uint64(n)
		return pv.write(f)
	})
	if err != nil {
		return 0, err
	}
	j.n = n
	return geometry.Bytes(n), j.verifyLVM(ctx)
}

// makeLVM makes a physical volume that belongs to no volume group, with the layout of pvcreate(8).
func (j job) makeLVM(context.Context, Spec) error {
	meta := lvmArea{lvmAreaAt, uint64(lvmDataAt) - lvmAreaAt}
	pv := physicalVolume{
		sector: make([]byte, lvmSector),
		label:  lvmLabel{Magic: [8]byte([]byte("LABELONE")), Sector: 1, Header: 32, Type: [8]byte([]byte("LVM2 001"))},
		header: lvmHeader{
			UUID: [32]byte([]byte(lvmID())), Bytes: uint64(j.n / lvmSector * lvmSector), Data: lvmArea{Off: uint64(lvmDataAt)},
			Meta: meta, Last: lvmArea{Off: lvmExtension},
		},
		copies: []lvmCopy{{
			sector: make([]byte, lvmSector), head: lvmAreaHead{Magic: [16]byte([]byte(lvmMagic)), Version: 1, At: meta},
		}},
	}
	encodeLE(pv.sector, pv.label)
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
