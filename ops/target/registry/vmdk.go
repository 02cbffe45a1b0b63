package registry

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/ops/target/qemu"
)

// A VMDK is one file, or a descriptor and its extents. The descriptor is a text. It names the extents, which lie beside it
// and hold the disk: sparse extents begin with a magic, flat ones with the first byte of their piece of the disk.

const (
	kdmv     = "KDMV" // since VMware 4
	cowd     = "COWD" // VMware 3 and ESX
	seSparse = "\xbe\xba\xfe\xca\x00\x00\x00\x00"
)

// descriptor returns the format of the descriptor of a VMDK.
func descriptor() format {
	return format{name: qemu.VMDK, driver: through(qemu.VMDK), way: byQEMU(qemu.VMDK)}
}

// isDescriptor reports whether a file begins like the descriptor of a VMDK: comments, then its version.
func isDescriptor(head []byte) bool {
	for line := range bytes.Lines(head) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		return bytes.HasPrefix(line, []byte("version=")) && bytes.Contains(head, []byte("CID="))
	}
	return bytes.HasPrefix(head, []byte("# Disk DescriptorFile"))
}

// holdsDescriptor reports whether a sparse VMDK has its descriptor inside. Otherwise it is an extent.
func holdsDescriptor(r io.ReaderAt) bool {
	// The header is in the VMware Virtual Disk Format 1.1 specification, "Hosted Sparse Extent Header": the sector of the
	// descriptor is at byte 28.
	const sector, field, most = 512, 28, 1 << 40
	head := make([]byte, sector)
	if _, err := r.ReadAt(head, 0); err != nil || !bytes.HasPrefix(head, []byte(kdmv)) {
		return false
	}
	at := binary.LittleEndian.Uint64(head[field:])
	if at == 0 || at > most {
		return false
	}
	_, err := r.ReadAt(head, int64(at)*sector)
	return err == nil && isDescriptor(head)
}

// extentName matches the names that VMware and QEMU give to extents.
var extentName = regexp.MustCompile(`^(.+)-(?:[sf]\d+|flat|delta|sesparse)(\.[^.]*)$`)

// descriptorOf returns the name that the descriptor of an extent has, and its text if it is there and names the extent.
// The name is "" if path is not the name of an extent.
func descriptorOf(path string) (name, text string) {
	dir, base := filepath.Split(path)
	parts := extentName.FindStringSubmatch(base)
	if parts == nil {
		return "", ""
	}
	name = dir + parts[1] + parts[2]
	// The file is somebody else's: a link is not followed, and a pipe is not waited for.
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return name, ""
	}
	defer func() { _ = f.Close() }() // it was only read
	const most = 64 << 10
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return name, ""
	}
	data, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil || !isDescriptor(data) || !bytes.Contains(data, []byte(`"`+base+`"`)) {
		return name, ""
	}
	return name, string(data)
}

// extents counts the lines of a descriptor that name an extent.
func extents(text string) (n int) {
	for line := range strings.Lines(text) {
		switch access, _, _ := strings.Cut(strings.TrimSpace(line), " "); access {
		case "RW", "RDONLY", "NOACCESS":
			n++
		}
	}
	return n
}

// extent returns the format of a VMDK's extent, or whole if the file is no extent or is a flat one that holds all of the
// disk: that one is a raw image.
func extent(path string, r io.ReaderAt, whole format) format {
	name, text := descriptorOf(path)
	var alone bool // it is a disk without a descriptor beside it
	switch whole.magic {
	case "":
		alone = extents(text) < 2
	case cowd: // VMware 3 had no descriptors
		alone = text == ""
	case kdmv:
		alone = holdsDescriptor(r)
	}
	if alone {
		return whole
	}
	return format{name: "VMDK (extent)", way: byQEMU(qemu.VMDK), whole: name, lost: text == ""}
}
