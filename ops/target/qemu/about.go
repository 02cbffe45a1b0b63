package qemu

import (
	"bytes"
	"encoding/binary"
	"io"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
)

// About implements target.Foreign.
func (f *file) About() model.ForeignImage {
	st, _ := f.Stat() // sizes of 0 are shown for a file that is gone
	const statBlock = 512
	a := model.ForeignImage{
		Variant: f.facts.sub, ReadOnly: f.facts.only,
		File: geometry.Bytes(st.Size), Allocated: geometry.Bytes(st.Blocks * statBlock),
	}
	for _, l := range f.extents {
		a.Parts = append(a.Parts, safetext.Printable(l.Real))
		if st, err := l.Stat(); err == nil {
			a.File, a.Allocated = a.File+geometry.Bytes(st.Size), a.Allocated+geometry.Bytes(st.Blocks*statBlock)
		}
	}
	return a
}

// GUIDs of Microsoft's VHDX Format Specification, as they are stored.
var (
	vhdxMetadata = []byte("\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e")
	vhdxFile     = []byte("\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b")
)

// lookVHDX finds out whether a VHDX image has room for all of its disk (fixed): its region table at 192 KiB says where the
// metadata lie, and their table where the file parameters do. What cannot be read is left to the daemon.
func lookVHDX(r io.ReaderAt, _ int64) (facts, error) {
	const regions, table, entry, most = 192 << 10, 64 << 10, 32, 2047
	find := func(at int64, mark string, count, first int, guid []byte) int64 {
		b, err := part(r, at, table)
		if err != nil || !bytes.HasPrefix(b, []byte(mark)) {
			return -1
		}
		for i := range min(int(binary.LittleEndian.Uint16(b[count:])), most-1) {
			if e := b[first+i*entry:]; len(e) >= entry && bytes.Equal(e[:16], guid) {
				return int64(binary.LittleEndian.Uint32(e[16:]))
			}
		}
		return -1
	}
	at := find(regions, "regi", 8, 16, vhdxMetadata)
	if at < 0 {
		return facts{}, nil
	}
	item := find(at, "metadata", 10, 32, vhdxFile)
	if item < 0 {
		return facts{}, nil
	}
	b, err := part(r, at+item, 8)
	if err != nil {
		return facts{}, nil
	}
	const stays = 1
	if binary.LittleEndian.Uint32(b[4:])&stays != 0 {
		return facts{sub: "fixed"}, nil
	}
	return facts{sub: "dynamic"}, nil
}
