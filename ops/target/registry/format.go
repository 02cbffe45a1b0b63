package registry

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/raw"
)

// A format is a kind of file that holds a disk.
type format struct {
	name  string
	magic string
	tail  bool // the magic is 512 bytes before the end of the file, otherwise at its start
	// driver opens the format. If it is nil, the file is refused, with advice to unpack or convert it.
	driver func() target.Driver
	unpack []string // the command that unpacks it to standard output; nil if qemu-img converts it
	seeks  bool     // the command needs the file's name, and cannot read it from standard input
	source string   // its name for qemu-img
}

// plain returns the format of files without any magic: byte n of the file is byte n of the disk.
func plain() format { return format{name: "raw", driver: raw.Driver} }

// formats lists the formats with magic bytes. If such a file were taken for a raw image, it would look like an empty disk,
// and a new table would destroy it.
var formats = []format{
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

// recognise returns the format of an open file. path is for messages. Text and unknown bytes count as raw: the scan reports
// that they hold no table.
func recognise(path string, r io.ReaderAt, size int64) (format, error) {
	const sector = 512
	head, tail, at := make([]byte, min(size, sector)), []byte(nil), int64(0)
	_, err := r.ReadAt(head, at)
	if err == nil && size > sector {
		tail, at = make([]byte, sector), size-sector
		_, err = r.ReadAt(tail, at)
	}
	if err != nil {
		return format{}, tried.Errorf("read %s at byte %d: %w", path, at, tried.Cause(err))
	}
	// Boot code may begin with any bytes, so in front of a partition table the short magics of packed files do not count.
	partitioned := len(head) == sector && bytes.HasSuffix(head, []byte("\x55\xaa")) // the signature of an MBR
	for _, f := range formats {
		where := head
		if f.tail {
			where = tail
		}
		if bytes.HasPrefix(where, []byte(f.magic)) && (f.unpack == nil || !partitioned) {
			return f, nil
		}
	}
	return plain(), nil
}

// driverFor returns the driver for an open file, or a *Format if there is none.
func driverFor(path string, r io.ReaderAt, size int64) (target.Driver, error) {
	f, err := recognise(path, r, size)
	if err == nil && f.driver == nil {
		err = f.refusal(path)
	}
	if err != nil {
		return target.Driver{}, err
	}
	return f.driver(), nil
}

// refusal returns the error for a file that cannot be opened, because its format has no driver or a loop device shows it.
func (f format) refusal(path string) *Format {
	return &Format{Path: path, Name: f.name, Advice: f.advice(path)}
}

// advice says how to make a raw image of the file, beside it and under a free name.
func (f format) advice(path string) string {
	if f.driver != nil {
		return "open the file behind the loop device"
	}
	in := path
	if strings.HasPrefix(in, "-") || !strings.HasPrefix(in, "/") && strings.Contains(in, ":") {
		in = "./" + in // neither an option nor, for qemu-img, the name of a protocol
	}
	out := rawName(in)
	if f.unpack == nil {
		how := safetext.Command("qemu-img", "convert", "-f", f.source, "-O", "raw", in, out)
		return fmt.Sprintf("convert it first: `%s`", how)
	}
	how := safetext.Command(f.unpack...) + " "
	if !f.seeks {
		how += "< "
	}
	return fmt.Sprintf("unpack it first: `%s%s > %s`", how, safetext.Word(in), safetext.Word(out))
}

// rawName returns a path beside path that does not exist yet.
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

// Format is returned for a disk image, or a packed one, in a format that shunt cannot edit.
type Format struct {
	Path   string // as the user gave it
	Name   string // the format: "qcow2", "VMDK", "xz"
	Advice string // how to make a raw image of it
}

func (e *Format) Error() string {
	return fmt.Sprintf("%s is a %s file, which this version cannot edit: %s", e.Path, e.Name, e.Advice)
}
