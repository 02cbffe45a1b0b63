package registry

import (
	"bytes"
	"io"

	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/qcow2"
	"shunt/ops/target/qemu"
	"shunt/ops/target/raw"
)

// A format is a kind of file that holds a disk.
type format struct {
	name  string
	magic string
	at    int64 // the byte at which the magic is; negative: before the end of the file
	// driver opens the format. If it is nil, the file is refused, with advice to unpack or convert it.
	driver func() target.Driver
	way    wayOut
	packed bool // it is a packed file or an archive of any content, so its magic proves less
	// whole is the file with which the way out begins, if that is another one. lost is set if it is not there.
	whole string
	lost  bool
}

// through returns the driver of a format that QEMU's daemon reads and writes.
func through(name string) func() target.Driver {
	return func() target.Driver { return qemu.Driver(name) }
}

// plain returns the format of files without any magic: byte n of the file is byte n of the disk.
func plain() format { return format{name: "raw", driver: raw.Driver} }

// formats lists the formats with magic bytes. If such a file were taken for a raw image, it would look like an empty disk,
// and a new table would destroy it.
var formats = []format{
	{name: qemu.Qcow, magic: "QFI\xfb\x00\x00\x00\x01", driver: through(qemu.Qcow), way: byQEMU(qemu.Qcow)},
	{name: "qcow2", magic: "QFI\xfb", driver: qcow2.Driver},
	{name: qemu.VMDK, magic: kdmv, driver: through(qemu.VMDK), way: byQEMU(qemu.VMDK)},
	{name: qemu.VMDK, magic: cowd, driver: through(qemu.VMDK), way: byQEMU(qemu.VMDK)},
	{name: qemu.VMDK, magic: seSparse, driver: through(qemu.VMDK), way: byQEMU(qemu.VMDK)},
	{name: qemu.VDI, magic: "\x7f\x10\xda\xbe", at: 64, driver: through(qemu.VDI), way: byQEMU(qemu.VDI)},
	{name: qemu.VHDX, magic: "vhdxfile", driver: through(qemu.VHDX), way: byQEMU(qemu.VHDX)},
	{name: qemu.VPC, magic: "conectix", driver: through(qemu.VPC), way: byQEMU(qemu.VPC)},
	{name: qemu.VPC, magic: "conectix", at: -512, driver: through(qemu.VPC), way: byQEMU(qemu.VPC)},
	{name: qemu.QED, magic: "QED\x00", driver: through(qemu.QED), way: byQEMU(qemu.QED)},
	{name: qemu.Parallels, magic: "WithoutFreeSpace", driver: through(qemu.Parallels), way: byQEMU(qemu.Parallels)},
	{name: qemu.Parallels, magic: "WithouFreSpacExt", driver: through(qemu.Parallels), way: byQEMU(qemu.Parallels)},
	{name: qemu.DMG, magic: "koly\x00\x00\x00\x04", at: -512, driver: through(qemu.DMG), way: byQEMU(qemu.DMG)},
	{name: qemu.DMG, magic: "koly\x00\x00\x00\x04", driver: through(qemu.DMG), way: byQEMU(qemu.DMG)},
	{name: "DMG (encrypted)", magic: "encrcdsa", way: byMac},
	{name: "DMG (encrypted)", magic: "cdsaencr", at: -8, way: byMac},
	{name: "Apple sparse", magic: "sprs\x00\x00\x00", way: byMac},
	{name: qemu.Cloop, magic: "#!/bin/sh\n#V2.0 Format\n", driver: through(qemu.Cloop), way: byQEMU(qemu.Cloop)},
	{name: qemu.Bochs, magic: "Bochs Virtual HD Image\x00", driver: through(qemu.Bochs), way: byQEMU(qemu.Bochs)},
	{name: "Bochs", magic: "\xce\x8a\x46\x02", way: convert("bximage", "bximage -q -func=convert -imgmode=flat IN OUT")},
	{name: "E01 (EWF)", magic: "EVF\t\r\n\xff\x00", way: byEWF},
	{name: "Ex01 (EWF2)", magic: "EVF2\r\n\x81\x00", way: byEWF},
	{name: "AFF", magic: "AFF10\r\n\x00", way: convert("afflib-tools", "affcat IN > OUT")},
	{
		name: "Android sparse", magic: "\x3a\xff\x26\xed\x01\x00",
		way: convert("android-sdk-libsparse-utils", "simg2img IN OUT"),
	},
	{name: "partclone", magic: "partclone-image\x00", way: convert("partclone", "partclone.restore -C -W -s IN -O OUT")},
	{
		name: "ntfsclone", magic: "\x00ntfsclone-image",
		way: convert("ntfs-3g", "ntfsclone --restore-image --output OUT IN"),
	},
	{name: "gzip", magic: "\x1f\x8b\x08", way: unpack("gzip", "gzip -dc < IN > OUT"), packed: true},
	{name: "compress", magic: "\x1f\x9d\x90", way: unpack("gzip", "gzip -dc < IN > OUT"), packed: true},
	{name: "xz", magic: "\xfd7zXZ\x00", way: unpack("xz-utils", "xz -dc < IN > OUT"), packed: true},
	{
		name: "lzma", magic: "\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff",
		way: unpack("xz-utils", "xz -dc < IN > OUT"), packed: true,
	},
	{name: "lzip", magic: "LZIP\x01", way: unpack("lzip", "lzip -dc < IN > OUT"), packed: true},
	{name: "lzop", magic: "\x89LZO\x00\r\n\x1a\n", way: unpack("lzop", "lzop -dc < IN > OUT"), packed: true},
	{name: "lz4", magic: "\x04\x22\x4d\x18", way: unpack("lz4", "lz4 -dc < IN > OUT"), packed: true},
	{name: "zstd", magic: "\x28\xb5\x2f\xfd", way: unpack("zstd", "zstd -dc < IN > OUT"), packed: true},
	{name: "zstd", magic: "\x50\x2a\x4d\x18", way: unpack("zstd", "zstd -dc < IN > OUT"), packed: true}, // pzstd
	{name: "bzip2", magic: "BZh", way: unpack("bzip2", "bzip2 -dc < IN > OUT"), packed: true},
	{name: "zip", magic: "PK\x03\x04", way: unpack("unzip", "unzip -p IN > OUT"), packed: true},
	{name: "7z", magic: "7z\xbc\xaf\x27\x1c", way: unpack("p7zip-full", "7z x -so IN > OUT"), packed: true},
	{name: "RAR", magic: "Rar!\x1a\x07", way: unpack("p7zip-full", "7z x -so IN > OUT"), packed: true},
	{name: "tar", magic: "ustar", at: 257, way: unpack("tar", "tar -xvf IN"), packed: true},
}

// recognise returns the format of an open file. path is for messages, and to find the descriptor of a VMDK's extent. Text
// and unknown bytes count as raw: the scan reports that they hold no table.
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
		where, at := head, f.at
		if at < 0 {
			where, at = tail, at+int64(len(tail))
		}
		if 0 <= at && at < int64(len(where)) && bytes.HasPrefix(where[at:], []byte(f.magic)) && !(f.packed && partitioned) {
			if f.name == qemu.VMDK {
				f = extent(path, r, f)
			}
			return f, nil
		}
	}
	if isDescriptor(head) {
		return descriptor(), nil
	}
	return extent(path, r, plain()), nil
}

// driverFor returns the driver for an open file, or a *Format if there is none. format is the one that the user has named, or
// "".
func driverFor(path string, r io.ReaderAt, size int64, format string) (target.Driver, error) {
	if format == plain().name {
		return plain().driver(), nil
	}
	f, err := recognise(path, r, size)
	if err == nil && format != "" && f.name != format {
		err = &WrongFormat{Path: path, Is: f.name, Said: format}
	}
	if err == nil && f.driver == nil {
		err = f.refusal(path)
	}
	if err != nil {
		return target.Driver{}, err
	}
	return f.driver(), nil
}
