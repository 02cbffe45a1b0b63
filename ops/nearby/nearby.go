// Package nearby finds targets that could be opened: the entries of a directory, devices, and recent targets. It locks and
// changes no target. No content of a file can make it fail or take long.
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

// A Finder finds targets that could be opened.
type Finder struct {
	State      string              // the directory for the list of recent targets; if "", there is no list
	Disks      bool                // physical disks can be opened
	SectorSize geometry.SectorSize // of raw images; 0 means 512
	Format     string              // that all of them have; "" to recognise it
}

// List lists the directories, files and block devices in a directory, sorted by name. It follows links. path is the
// absolute path of the directory. The error can be shown as it is.
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
			c.Kind = report.CandidateDir // no other property counts
			list = append(list, c)
			continue
		}
		info, err := os.Stat(c.Path)
		if err != nil {
			continue // it was removed, or is a broken link
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

// leastLikely is the smallest size, in bytes, at which a file counts as an image if its name does not decide it. Smaller
// files hold no file system.
const leastLikely = 64 << 10

// named reports whether a file has the name of a disk image.
func named(path string) bool { return likely(filepath.Base(path), 1) }

// likely reports whether a file looks like a disk image, by its name or, if that does not decide it, by its size.
func likely(name string, size geometry.Bytes) bool {
	name = strings.ToLower(name)
	for _, packed := range []string{".xz", ".gz", ".zst", ".bz2", ".zip", ".lz4", ".lzma", ".lz", ".lzo"} {
		name = strings.TrimSuffix(name, packed)
	}
	switch strings.TrimPrefix(filepath.Ext(name), ".") {
	case "img", "image", "raw", "dd", "iso", "disk", "sdcard", "wic", "hddimg", "rootfs", "qcow2", "qcow", "qed",
		"vmdk", "vdi", "vhd", "vhdx", "hdd", "e01", "ex01", "s01", "aff", "dmg", "sparseimage", "cloop", "bochs", "simg",
		"ext2", "ext3", "ext4", "fat", "vfat", "xfs", "btrfs", "squashfs", "ntfs":
		return size > 0
	case "a", "o", "so", "db", "sqlite", "sqlite3", "go", "c", "h", "txt", "log", "md", "html", "json", "pdf", "png", "jpg",
		"jpeg", "mp3", "mp4", "mkv", "tar", "tgz", "deb", "rpm", "gz", "xz", "zst", "zip", "7z":
		return false
	}
	return size >= leastLikely && size%geometry.Bytes(geometry.Sector512) == 0
}
