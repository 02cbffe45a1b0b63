package qcow2

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
)

// Types of header extensions. Each begins with its type and the length of its data, and is padded to 8 bytes.
const (
	extEnd      = 0
	extFormat   = 0xe2792aca // the format of the backing file
	extFeatures = 0x6803f857 // names of features
	extBitmaps  = 0x23852875
	extDataFile = 0x44415441 // the name of the file with the clusters
	extDropped  = 0x73686e74 // no type of QEMU's; it stands where bitmaps were dropped, since programs keep and ignore what they do not know
)

// A bitmapsExtension says where the directory of persistent bitmaps lies.
type bitmapsExtension struct {
	at        int64 // of the extension
	count     int
	directory int64 // offset
	length    int64 // bytes
}

// An extension is one header extension.
type extension struct {
	kind uint32
	at   int64 // of its type in the file
	data []byte
}

// eachExtension calls do for the header extensions in order, until it fails.
func (h *Header) eachExtension(r io.ReaderAt, length int64, do func(extension) error) error {
	end := h.cluster()
	if name := int64(min(be.Uint64(h.sector[8:]), maxOffset)); name != 0 {
		if name > end {
			return corrupt("the name of its backing file would lie at byte %d", name)
		}
		end = name
	}
	for at := length; at+8 <= end; {
		var head [8]byte
		if err := readFull(r, head[:], at); err != nil {
			return err
		}
		kind, n := be.Uint32(head[:]), int64(be.Uint32(head[4:]))
		if at += 8; n > end-at {
			return corrupt("a header extension at byte %d would be %d bytes long", at-8, n)
		}
		if kind == extEnd {
			return nil
		}
		data := make([]byte, n) // less than a cluster
		if err := readFull(r, data, at); err != nil {
			return err
		}
		if err := do(extension{kind, at - 8, data}); err != nil {
			return err
		}
		at += ceil(n, 8) * 8
	}
	return nil
}

// extensions decodes the extensions that matter here, and the name of the backing file.
func (h *Header) extensions(r io.ReaderAt, length int64) error {
	err := h.eachExtension(r, length, func(e extension) error {
		switch e.kind {
		case extFormat:
			h.BackingFormat = string(e.data)
		case extDataFile:
			h.dataFile = string(e.data)
		case extBitmaps:
			const size = 24
			if len(e.data) != size {
				return corrupt("its bitmaps extension is %d bytes long", len(e.data))
			}
			h.bitmaps = &bitmapsExtension{
				at: e.at, count: int(be.Uint32(e.data)), length: int64(min(be.Uint64(e.data[8:]), maxOffset)), directory: int64(min(be.Uint64(e.data[16:]), maxOffset)),
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	at, n := be.Uint64(h.sector[8:]), int64(be.Uint32(h.sector[16:]))
	if at == 0 || n == 0 {
		return nil
	}
	if n > maxBackingName || int64(at) < length || int64(at)+n > h.cluster() { // eachExtension has checked at
		return corrupt("the name of its backing file would be %d bytes long at byte %d", n, at)
	}
	name := make([]byte, n)
	if err := readFull(r, name, int64(at)); err != nil {
		return err
	}
	if bytes.IndexByte(name, 0) >= 0 {
		return corrupt("the name of its backing file has a zero byte in it")
	}
	h.Backing = string(name)
	h.BackingFormat = cmp.Or(h.BackingFormat, statedFormat(h.Backing))
	return nil
}

// featureName names an incompatible feature, by the table in the image if it has one.
func (h *Header) featureName(r io.ReaderAt, length int64, bit int) string {
	name := fmt.Sprintf("number %d", bit)
	_ = h.eachExtension(r, length, func(e extension) error { // extensions has reported errors
		const row = 48 // bytes: kind of feature (0: incompatible), bit, name
		for ; e.kind == extFeatures && len(e.data) >= row; e.data = e.data[row:] {
			if text, _, _ := bytes.Cut(e.data[2:row], []byte{0}); e.data[0] == 0 && int(e.data[1]) == bit && len(text) > 0 {
				name = fmt.Sprintf("%q", text)
			}
		}
		return nil
	})
	return name
}
