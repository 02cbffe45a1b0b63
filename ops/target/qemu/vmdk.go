package qemu

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"shunt/model/safetext"
)

// A VMDK is a sparse file with its descriptor inside, or a descriptor that names the files with the disk, its extents. The
// source is VMware's Virtual Disk Format 1.1, and QEMU's block/vmdk.c for what it accepts.
const (
	vmdkSparse   = "KDMV"
	vmdkCowd     = "COWD"             // VMware 3
	vmdkSESparse = "\xbe\xba\xfe\xca" // ESX

	vmdkSector = 512
	// mostDescriptor is how long a descriptor can be in bytes, for QEMU too.
	mostDescriptor = 1 << 20
	// mostExtents is how many extents an image can have. One of 2 TiB in pieces of 2 GiB has 1024.
	mostExtents = 4096
)

func lookVMDK(r io.ReaderAt, size int64) (facts, error) {
	head, err := part(r, 0, min(size, vmdkSector))
	switch {
	case err != nil:
		return facts{}, err
	case bytes.HasPrefix(head, []byte(vmdkCowd)):
		return facts{sub: "vmfsSparse", only: "this variant (COWD) is only read"}, nil
	case bytes.HasPrefix(head, []byte(vmdkSESparse)):
		return facts{sub: "seSparse", only: "this variant (seSparse) is only read"}, nil
	case bytes.HasPrefix(head, []byte(vmdkSparse)):
		return lookSparse(r, head)
	}
	if size > mostDescriptor {
		return facts{}, fmt.Errorf("its descriptor is longer than %d bytes: it is damaged, or no VMDK", mostDescriptor)
	}
	text, err := part(r, 0, size)
	if err != nil {
		return facts{}, err
	}
	return describe(string(text), true)
}

// lookSparse reads the header of a hosted sparse extent.
func lookSparse(r io.ReaderAt, head []byte) (facts, error) {
	if len(head) < vmdkSector {
		return facts{}, errCut
	}
	le := binary.LittleEndian
	capacity, at, n := le.Uint64(head[12:]), le.Uint64(head[28:]), le.Uint64(head[36:])
	if n > mostDescriptor/vmdkSector || at > 1<<40 {
		return facts{}, fmt.Errorf("its descriptor is said to lie at sector %d and to be %d sectors long: its header is damaged",
			at, n)
	}
	if capacity == 0 {
		return facts{}, fmt.Errorf("its header says that the disk lies in other files, as no sparse VMDK does: it is damaged")
	}
	if at == 0 {
		return facts{sub: "extent", only: "it has no descriptor"}, nil
	}
	text, err := part(r, int64(at)*vmdkSector, int64(n)*vmdkSector)
	if err != nil {
		return facts{}, err
	}
	return describe(string(text), false)
}

var (
	vmdkExtent = regexp.MustCompile(`^\s*(?:RW|RDONLY|NOACCESS)\s+\S+\s+(\w+)(?:\s+"([^"\r\n]*)")?`)
	vmdkField  = regexp.MustCompile(`(?i)^\s*(createType|parentCID|parentFileNameHint)\s*=\s*"?([^"\r\n]*?)"?\s*$`)
)

// describe reads a descriptor. outside says that the extents are other files.
func describe(text string, outside bool) (f facts, err error) {
	text, _, _ = strings.Cut(text, "\x00")
	const noParent = "ffffffff"
	parent, hint := noParent, ""
	for line := range strings.Lines(text) {
		if m := vmdkField.FindStringSubmatch(line); m != nil {
			switch strings.ToLower(m[1]) {
			case "createtype":
				f.sub = m[2]
			case "parentcid":
				parent = strings.ToLower(m[2])
			default:
				hint = m[2]
			}
		}
		m := vmdkExtent.FindStringSubmatch(line)
		if m == nil || !outside {
			continue
		}
		if err := extentName(m[1], m[2]); err != nil {
			return f, err
		}
		if m[2] != "" && !slices.Contains(f.parts, m[2]) {
			f.parts = append(f.parts, m[2])
		}
		if len(f.parts) > mostExtents {
			return f, fmt.Errorf("it has more than %d extents", mostExtents)
		}
	}
	if parent != noParent || hint != "" {
		f.below = cmpName(hint)
	}
	switch {
	case outside && len(f.parts) == 0:
		return f, fmt.Errorf("its descriptor names no file with the disk: it is damaged")
	case outside:
		f.only = "its disk lies in other files"
	case f.sub == "streamOptimized":
		f.only = "this variant (streamOptimized) is compressed, and only read"
	case f.sub != "monolithicSparse":
		f.only = "this variant is only read"
	}
	f.sub = safetext.Printable(f.sub)
	return f, nil
}

// cmpName returns the name of a backing file, or words for one without a name.
func cmpName(hint string) string {
	if hint == "" {
		return "(without a name)"
	}
	return hint
}

// extentName fails for a name that leads out of the directory of the descriptor: whoever made the image could have files of
// this machine read as parts of the disk.
func extentName(kind, name string) error {
	switch kind {
	case "ZERO":
		return nil
	case "FLAT", "SPARSE", "VMFS", "VMFSSPARSE", "SESPARSE":
	default:
		return fmt.Errorf("its descriptor names an extent of the kind %s, which is no file: convert it with VMware's programs",
			safetext.Printable(kind))
	}
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return fmt.Errorf("its descriptor names an extent outside its directory, %s: put that file beside it, and only its name into the descriptor",
			safetext.Printable(name))
	}
	return nil
}
