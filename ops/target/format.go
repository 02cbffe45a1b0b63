package target

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"shunt/model/safetext"
)

// format is a kind of file that holds a disk without being its plain bytes.
type format struct {
	name   string
	magic  string
	tail   bool     // the magic stands 512 bytes before the end, otherwise at the start
	unpack []string // the command that unpacks it to its standard output, nil for those that qemu-img converts
	seeks  bool     // the command takes the file by its name, and not from its standard input
	source string   // what qemu-img calls it
}

// formats are told apart by their magic bytes. Taking one for a raw image would show an empty disk and offer to put a
// table over it.
func formats() []format {
	return []format{
		{name: "qcow", magic: "QFI\xfb\x00\x00\x00\x01", source: "qcow"},
		{name: "qcow2", magic: "QFI\xfb", source: "qcow2"},
		{name: "VMDK", magic: "KDMV", source: "vmdk"},
		{name: "VMDK", magic: "COWD", source: "vmdk"},
		{name: "VMDK", magic: "# Disk DescriptorFile", source: "vmdk"},
		{name: "VDI", magic: "<<< ", source: "vdi"},
		{name: "VHDX", magic: "vhdxfile", source: "vhdx"},
		{name: "VHD", magic: "conectix", source: "vpc"},
		{name: "VHD", magic: "conectix", tail: true, source: "vpc"},
		{name: "QED", magic: "QED\x00", source: "qed"},
		{name: "Parallels", magic: "WithoutFreeSpace", source: "parallels"},
		{name: "Parallels", magic: "WithouFreSpacExt", source: "parallels"},
		{name: "gzip", magic: "\x1f\x8b\x08", unpack: []string{"gzip", "-dc"}},
		{name: "xz", magic: "\xfd7zXZ\x00", unpack: []string{"xz", "-dc"}},
		{name: "zstd", magic: "\x28\xb5\x2f\xfd", unpack: []string{"zstd", "-dc"}},
		{name: "bzip2", magic: "BZh", unpack: []string{"bzip2", "-dc"}},
		{name: "zip", magic: "PK\x03\x04", unpack: []string{"unzip", "-p"}, seeks: true},
		{name: "7z", magic: "7z\xbc\xaf\x27\x1c", unpack: []string{"7z", "x", "-so"}, seeks: true},
	}
}

// mbrSignature is what ends the first sector of a partitioned disk.
const mbrSignature = "\x55\xaa"

// checkFormat refuses what is not a raw image. Text and unknown bytes pass: that there is no table in them is for the
// scan to say.
func checkFormat(path string, r io.ReaderAt, size int64) error {
	f, found, err := formatOf(path, r, size)
	if err != nil || !found {
		return err
	}
	return &Format{Path: path, Name: f.name, Advice: f.advice(path)}
}

// formatOf finds the format of a file that is not a raw image; found is false if it could be one.
func formatOf(path string, r io.ReaderAt, size int64) (f format, found bool, err error) {
	head, err := readUpTo(r, 0, min(size, 512))
	if err != nil {
		return format{}, false, fmt.Errorf("read %s at byte 0: %w", path, err)
	}
	var tail []byte
	if size > 512 {
		if tail, err = readUpTo(r, size-512, 512); err != nil {
			return format{}, false, fmt.Errorf("read %s at byte %d: %w", path, size-512, err)
		}
	}
	// Boot code may begin with any bytes at all, so the short magics of packed files do not count before a table.
	partitioned := len(head) == 512 && string(head[510:]) == mbrSignature
	for _, f := range formats() {
		where := head
		if f.tail {
			where = tail
		}
		if bytes.HasPrefix(where, []byte(f.magic)) && (f.unpack == nil || !partitioned) {
			return f, true, nil
		}
	}
	return format{}, false, nil
}

// advice is how to make a raw image of the file, beside it, under a name that is free.
func (f format) advice(path string) string {
	in := path
	if strings.HasPrefix(in, "-") || !strings.HasPrefix(in, "/") && strings.Contains(in, ":") {
		in = "./" + in // neither an option nor, for qemu-img, the name of a protocol
	}
	out := rawName(in)
	if f.unpack != nil {
		how := safetext.Command(f.unpack...)
		if f.seeks {
			return fmt.Sprintf("unpack it first: `%s %s > %s`", how, safetext.Word(in), safetext.Word(out))
		}
		return fmt.Sprintf("unpack it first: `%s < %s > %s`", how, safetext.Word(in), safetext.Word(out))
	}
	return fmt.Sprintf("convert it first: `%s`", safetext.Command("qemu-img", "convert", "-f", f.source, "-O", "raw", in, out))
}

// rawName is a name beside path that nothing has yet.
func rawName(path string) string {
	const most = 240 // bytes of a name, with room for the ending
	dir, name := filepath.Split(path)
	name = strings.ToValidUTF8(name[:min(len(name), most)], "_")
	for i := 1; ; i++ {
		out := dir + name + ".raw"
		if i > 1 {
			out = fmt.Sprintf("%s%s.%d.raw", dir, name, i)
		}
		if _, err := os.Lstat(out); err != nil {
			return out
		}
	}
}

func readUpTo(r io.ReaderAt, off, n int64) ([]byte, error) {
	p := make([]byte, n)
	if _, err := r.ReadAt(p, off); err != nil {
		return nil, cause(err)
	}
	return p, nil
}
