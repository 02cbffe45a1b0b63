// Package nearby finds what could be opened: the entries of a directory, devices, and the targets of earlier times.
//
// Invariants: nothing here locks, changes or refuses a target; nothing in a file can make a look at it fail badly or take
// long; what cannot be found out is left out.
package nearby

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"shunt/geometry"
	"shunt/ops/report"
	"shunt/ops/target/registry"
)

// Finder finds what could be opened.
type Finder struct {
	// State is the directory where the recent targets are kept; with "" none are.
	State string
	// Disks says that physical disks can be opened.
	Disks bool
	// SectorSize is that of raw images, 512 if it is 0.
	SectorSize geometry.SectorSize
}

// List lists what there is to open in a directory: directories, files and block devices, in the order of their names.
// Links are followed. path is the directory, absolute. The error is ready to be shown.
func (Finder) List(dir string) (path string, list []report.Candidate, err error) {
	path, err = filepath.Abs(dir)
	if err != nil {
		return dir, nil, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return path, nil, err
	}
	for _, e := range entries {
		c := report.Candidate{Name: e.Name(), Path: filepath.Join(path, e.Name())}
		if e.IsDir() {
			c.Kind = report.CandidateDir // it need not be asked for anything more
			list = append(list, c)
			continue
		}
		info, err := os.Stat(c.Path)
		if err != nil {
			continue // it is gone, or leads nowhere
		}
		switch mode := info.Mode(); {
		case mode.IsDir():
			c.Kind = report.CandidateDir
		case mode.IsRegular():
			c.Size = geometry.Bytes(info.Size())
			c.Likely = likely(c.Name, c.Size)
		case mode&fs.ModeDevice != 0 && mode&fs.ModeCharDevice == 0:
			c.Kind = report.CandidateDevice
		default:
			continue
		}
		list = append(list, c)
	}
	return path, list, nil
}

// BlockDevices lists the block devices that can be opened.
func (f Finder) BlockDevices() []report.Candidate {
	var list []report.Candidate
	for _, node := range registry.Devices(f.Disks) {
		list = append(list, report.Candidate{Name: node, Path: node, Kind: report.CandidateDevice})
	}
	return list
}

// leastLikely is the size from which on a file without a telling name can be an image. Less holds no file system, and
// much of what is no image is less.
const leastLikely = 64 << 10

// likely reports whether a file looks like a disk image. One without a telling name is made of whole sectors.
func likely(name string, size geometry.Bytes) bool {
	name = strings.ToLower(name)
	for _, packed := range []string{".xz", ".gz", ".zst", ".bz2", ".zip"} {
		name = strings.TrimSuffix(name, packed)
	}
	switch strings.TrimPrefix(filepath.Ext(name), ".") {
	case "img", "image", "raw", "dd", "iso", "disk", "sdcard", "wic", "hddimg", "rootfs", "qcow2", "qcow", "qed",
		"vmdk", "vdi", "vhd", "vhdx", "hdd", "ext2", "ext3", "ext4", "fat", "vfat", "xfs", "btrfs", "squashfs", "ntfs":
		return size > 0
	case "a", "o", "so", "db", "sqlite", "sqlite3", "go", "c", "h", "txt", "log", "md", "html", "json", "pdf", "png", "jpg",
		"jpeg", "mp3", "mp4", "mkv", "tar", "tgz", "deb", "rpm", "gz", "xz", "zst", "zip", "7z":
		return false
	}
	return size >= leastLikely && size%geometry.Bytes(geometry.Sector512) == 0
}
