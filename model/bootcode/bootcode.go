// Package bootcode knows where boot code keeps positions on the disk. The first sector of the disk loads a boot loader that
// lies elsewhere, and does not look into the partition table to find it.
//
// GRUB, as grub-install puts it on a disk for a BIOS, has two such places. Bytes 0x5C to 0x63 of the boot sector (boot.img)
// hold the first sector of the core image. That sector (diskboot.img) ends with a list of the runs that hold the rest. An
// entry is 12 bytes long: first sector (8 bytes), number of sectors (2), and the segment in memory where the run goes (2).
// The first entry is at 0x1F4, further ones are before it, and one of no sectors ends the list.
package bootcode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"shunt/geometry"
	"shunt/model"
)

// SectorSize is the length of the sectors in which a BIOS counts. Boot code of this kind does not work with others.
const SectorSize = 512

const (
	coreAt    = 0x5c // in the boot sector: first sector of the core image
	addressAt = 0x5a // in the boot sector: where in memory that sector goes
	address   = 0x8000
	listAt    = 0x1f4 // in the core image: first entry of the list
	entrySize = 12
	listEnd   = 0x150 // the code ends before it
	segment   = 0x820 // of the first run
)

// errNoLoader means that the boot code does not load what it is said to load.
var errNoLoader = errors.New("the boot code does not load a GRUB from there")

// Find returns the boot loader that the boot code in sector 0 of r loads. It returns the zero Loader if shunt does not know
// the boot code, or if it does not load a core image that is in one piece.
func Find(r io.ReaderAt, z geometry.SectorSize) model.Loader {
	first, core := make([]byte, SectorSize), make([]byte, SectorSize)
	if z != SectorSize || read(r, first, 0) != nil {
		return model.Loader{}
	}
	at, ok := coreOf(first)
	if !ok || read(r, core, at) != nil {
		return model.Loader{}
	}
	span, ok := listed(core, at)
	if !ok {
		return model.Loader{}
	}
	return model.Loader{Name: "GRUB", Core: span}
}

// Retarget changes both sectors for a core image that has moved from one sector to another: first is the boot sector, and
// core the first sector of the image. After an error neither has changed.
func Retarget(first, core []byte, from, to geometry.Sector) error {
	at, ok := coreOf(first)
	if !ok || at != from {
		return errNoLoader
	}
	if _, ok := listed(core, from); !ok {
		return errNoLoader
	}
	binary.LittleEndian.PutUint64(first[coreAt:], uint64(to))
	for e := range entries(core) {
		start := binary.LittleEndian.Uint64(e)
		binary.LittleEndian.PutUint64(e, start+uint64(to)-uint64(from))
	}
	return nil
}

func read(r io.ReaderAt, b []byte, at geometry.Sector) error {
	_, err := r.ReadAt(b, int64(at)*SectorSize)
	return err
}

// coreOf returns the sector that a boot sector of GRUB loads. ok is false for any other boot sector.
func coreOf(first []byte) (at geometry.Sector, ok bool) {
	const longJump, most = 0xeb, 1 << 40
	n := binary.LittleEndian.Uint64(first[coreAt:])
	ok = len(first) == SectorSize && first[0] == longJump && binary.LittleEndian.Uint16(first[addressAt:]) == address &&
		bytes.Contains(first, []byte("GRUB \x00Geom\x00")) && n > 0 && n < most
	return geometry.Sector(n), ok
}

// listed returns the sectors of a core image whose first sector is at at. ok is false if it is none, or not in one piece.
func listed(core []byte, at geometry.Sector) (span geometry.Span, ok bool) {
	if !bytes.Contains(core, []byte("loading\x00")) || binary.LittleEndian.Uint16(core[listAt+10:]) != segment {
		return span, false
	}
	span = geometry.SpanOf(at, 1)
	for e := range entries(core) {
		if binary.LittleEndian.Uint64(e) != uint64(span.End) {
			return span, false
		}
		span.End += geometry.Sector(binary.LittleEndian.Uint16(e[8:]))
	}
	return span, span.Len() > 1
}

// entries iterates over the entries of the list in a core image.
func entries(core []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for off := listAt; off >= listEnd; off -= entrySize {
			e := core[off : off+entrySize]
			if binary.LittleEndian.Uint16(e[8:]) == 0 || !yield(e) {
				return
			}
		}
	}
}
