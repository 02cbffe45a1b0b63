package qemu

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"shunt/model"
	"shunt/model/tried"
)

// QEMU's names of the formats.
const (
	Bochs     = "bochs"
	Cloop     = "cloop"
	DMG       = "dmg"
	Parallels = "parallels"
	Qcow      = "qcow" // version 1
	QED       = "qed"
	VDI       = "vdi"
	VHDX      = "vhdx"
	VMDK      = "vmdk"
	VPC       = "vpc"
)

// Facts are what the file of an image says about itself, as far as this driver needs it. The daemon reads all the rest.
type facts struct {
	sub   string       // the variant of the format, "" if it has none
	only  model.Reason // why the image is only read and never edited
	below string       // the name of its backing file, "" without one
	parts []string     // names of the files beside it that hold the disk
}

// A format is how this driver treats one of QEMU's formats.
type format struct {
	backs bool // its images can have a backing file
	// inTurn says that the daemon must get one write after another. For VDI it writes the number of used blocks after each write
	// that needs a new one, in no order (QEMU's block/vdi.c, vdi_co_pwritev): of two at a time the lower number can be the last.
	// The next block would then be put where another is.
	inTurn bool
	// look reads the facts. It reads little, and trusts nothing.
	look func(r io.ReaderAt, size int64) (facts, error)
}

var formats = map[string]format{
	Bochs:     {look: onlyRead("its format is only read")},
	Cloop:     {look: onlyRead("its format is compressed as a whole, and only read")},
	DMG:       {look: onlyRead("its format is only read")},
	Qcow:      {look: lookQcow, backs: true},
	Parallels: {look: plainly},
	QED:       {look: lookQED, backs: true},
	VDI:       {look: lookVDI, inTurn: true},
	VHDX:      {look: lookVHDX},
	VMDK:      {look: lookVMDK, backs: true},
	VPC:       {look: lookVPC},
}

func onlyRead(why model.Reason) func(io.ReaderAt, int64) (facts, error) {
	return func(io.ReaderAt, int64) (facts, error) { return facts{only: why}, nil }
}

func plainly(io.ReaderAt, int64) (facts, error) { return facts{}, nil }

// errCut is returned for a file that ends before its format allows.
var errCut = errors.New("it ends within its header, so it was cut short: get the whole file again")

// part reads n bytes at off.
func part(r io.ReaderAt, off, n int64) ([]byte, error) {
	b := make([]byte, n)
	if _, err := r.ReadAt(b, off); errors.Is(err, io.EOF) {
		return nil, errCut
	} else if err != nil {
		return nil, tried.Errorf("read byte %d: %w", off, tried.Cause(err))
	}
	return b, nil
}

// mostName is how long the name of a backing file can be in bytes.
const mostName = 4096

// name reads the name of a backing file.
func name(r io.ReaderAt, off, n uint64) (string, error) {
	const far = 1 << 32 // bytes; both formats have it in their first cluster
	if off > far || n > mostName {
		return "", fmt.Errorf("the name of its backing file is said to lie at byte %d and to be %d bytes long: its header is damaged",
			off, n)
	}
	b, err := part(r, int64(off), int64(n))
	return string(b), err
}

// lookQcow reads the header of a qcow image of version 1 (QEMU's block/qcow.c, QCowHeader): at byte 8 the place of the backing
// file's name, and its length.
func lookQcow(r io.ReaderAt, _ int64) (facts, error) {
	f := facts{sub: "version 1", only: "version 1 of qcow is only read"}
	b, err := part(r, 0, 48)
	if err != nil {
		return f, err
	}
	if at := binary.BigEndian.Uint64(b[8:]); at != 0 {
		f.below, err = name(r, at, uint64(binary.BigEndian.Uint32(b[16:])))
	}
	return f, err
}

// lookQED reads the header of a QED image (QEMU's docs/interop/qed_spec.txt): at byte 16 the features, at byte 56 the place of
// the backing file's name, and its length.
func lookQED(r io.ReaderAt, _ int64) (f facts, err error) {
	b, err := part(r, 0, 64)
	if err != nil {
		return f, err
	}
	const hasBacking = 1
	if binary.LittleEndian.Uint64(b[16:])&hasBacking != 0 {
		f.below, err = name(r, uint64(binary.LittleEndian.Uint32(b[56:])), uint64(binary.LittleEndian.Uint32(b[60:])))
	}
	return f, err
}

// lookVDI reads the header of a VDI image (QEMU's block/vdi.c, VdiHeader): at byte 76 its type.
func lookVDI(r io.ReaderAt, _ int64) (f facts, err error) {
	b, err := part(r, 0, 80)
	if err != nil {
		return f, err
	}
	const dynamic, static = 1, 2
	switch kind := binary.LittleEndian.Uint32(b[76:]); kind {
	case dynamic:
		f.sub = "dynamic"
	case static:
		f.sub = "static"
	default:
		return f, fmt.Errorf("its type is %d, as of a difference to another image or a state of one: only whole disks (dynamic and static) can be opened",
			kind)
	}
	return f, nil
}

// lookVPC reads the footer of a VHD image (Microsoft's Virtual Hard Disk Image Format Specification): at byte 60 its type. A
// dynamic image has a copy of it at its start.
func lookVPC(r io.ReaderAt, size int64) (f facts, err error) {
	const footer, cookie = 512, "conectix"
	b, err := part(r, 0, footer)
	if err == nil && string(b[:len(cookie)]) != cookie {
		b, err = part(r, max(0, size-footer), footer)
	}
	if err != nil {
		return f, err
	}
	const fixed, dynamic = 2, 3
	switch kind := binary.BigEndian.Uint32(b[60:]); kind {
	case fixed:
		f.sub = "fixed"
	case dynamic:
		f.sub = "dynamic"
	default:
		return f, fmt.Errorf("its type is %d, as of a difference to another image: only whole disks (fixed and dynamic) can be opened",
			kind)
	}
	return f, nil
}
