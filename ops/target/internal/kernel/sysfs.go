package kernel

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"shunt/model/safetext"
	"shunt/ops/target"
)

// Disk is what /sys tells of a block device.
type Disk struct {
	Name   string // the kernel's: "loop0", "sda"; "/" shows as "!"
	dir    string // where /sys tells of it
	Number string // "7:0"
}

// deviceNumber is a number as /sys and mountinfo write it.
func deviceNumber(rdev uint64) string {
	return fmt.Sprintf("%d:%d", unix.Major(rdev), unix.Minor(rdev))
}

// Disk finds a block device by its number.
func (k Kernel) Disk(rdev uint64) (Disk, error) {
	number := deviceNumber(rdev)
	dir, err := filepath.EvalSymlinks(filepath.Join(k.sys, "dev", "block", number))
	if err != nil {
		return Disk{}, fmt.Errorf("find the block device %s: %w", number, Cause(err))
	}
	return Disk{Name: filepath.Base(dir), dir: dir, Number: number}, nil
}

// RdevOf is the number of the device that a file is, 0 if it is none.
func RdevOf(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Rdev
	}
	return 0
}

// block is a whole block device by the kernel's name of it.
func (k Kernel) block(name string) Disk {
	d := Disk{Name: name, dir: filepath.Join(k.sys, "block", name)}
	d.Number = d.Text("dev")
	return d
}

// Text is the content of one file of the device, "" if there is none.
func (d Disk) Text(path ...string) string {
	b, err := os.ReadFile(filepath.Join(append([]string{d.dir}, path...)...))
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(b), "\n")
}

func (d Disk) has(path ...string) bool {
	_, err := os.Stat(filepath.Join(append([]string{d.dir}, path...)...))
	return err == nil
}

// Node is the path of the device's node.
func (k Kernel) Node(d Disk) string {
	return filepath.Join(k.dev, strings.ReplaceAll(d.Name, "!", "/"))
}

// Whole is the disk that a partition belongs to; ok is false if d is no partition.
func (d Disk) Whole() (Disk, bool) {
	if !d.has("partition") {
		return Disk{}, false
	}
	dir := filepath.Dir(d.dir)
	w := Disk{Name: filepath.Base(dir), dir: dir}
	w.Number = w.Text("dev")
	return w, true
}

// Parts lists the partitions of a disk that the kernel knows, by their numbers.
func (d Disk) Parts() map[int]Disk {
	list := map[int]Disk{}
	for _, name := range names(d.dir) {
		p := Disk{Name: name, dir: filepath.Join(d.dir, name)}
		number, err := strconv.Atoi(p.Text("partition"))
		if err != nil {
			continue
		}
		p.Number = p.Text("dev")
		list[number] = p
	}
	return list
}

// sysUnit is what /sys counts in, whatever the disk's sector is.
const sysUnit = 512

// Bytes is the size of a device, 0 for one that is not set up.
func (d Disk) Bytes() int64 {
	sectors, err := strconv.ParseInt(d.Text("size"), 10, 64)
	if err != nil {
		return 0
	}
	return sectors * sysUnit
}

// Span is where a partition lies, as the kernel knows it.
func (d Disk) Span() (start, n int64, err error) {
	start, err1 := strconv.ParseInt(d.Text("start"), 10, 64)
	n, err2 := strconv.ParseInt(d.Text("size"), 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, fmt.Errorf("ask where %s lies: %w", d.Name, err)
	}
	return start * sysUnit, n * sysUnit, nil
}

// Sort is what kind of device it is, for people.
func (k Kernel) Sort(d Disk) string {
	switch {
	case d.Is("loop"):
		return "loop device"
	case d.Is("nbd"):
		return "network block device"
	case d.Is("ram"), d.Is("zram"):
		return "RAM disk"
	case d.Is("dm-"):
		return "device mapper volume"
	case d.Is("md"):
		return "RAID"
	}
	return "disk"
}

// Is reports whether the kernel's name is the prefix and a number.
func (d Disk) Is(prefix string) bool {
	rest, ok := strings.CutPrefix(d.Name, prefix)
	return ok && rest != "" && strings.Trim(rest, "0123456789") == ""
}

// Physical reports whether people may depend on the device: everything counts that is not known to be an image, an
// export or memory, or built on nothing else.
func (k Kernel) Physical(d Disk) bool {
	if w, ok := d.Whole(); ok {
		d = w
	}
	switch {
	case d.Is("nbd"), d.Is("ram"), d.Is("zram"):
		return false
	case d.Is("loop"):
		info, err := os.Stat(d.Text("loop", "backing_file"))
		if err != nil || info.Mode()&fs.ModeDevice == 0 {
			return false
		}
		below, err := k.Disk(RdevOf(info))
		return err != nil || below.Name == d.Name || k.Physical(below)
	case d.Is("dm-"):
		below := names(filepath.Join(d.dir, "slaves"))
		for _, name := range below {
			dir, err := filepath.EvalSymlinks(filepath.Join(d.dir, "slaves", name))
			if err != nil || k.Physical(Disk{Name: name, dir: dir}) {
				return true
			}
		}
		return len(below) == 0
	}
	return true
}

// Serial is what names the hardware or volume for good, "" if nothing does.
func (d Disk) Serial() string {
	for _, path := range []string{"wwid", "device/wwid", "dm/uuid", "md/uuid", "serial", "device/serial", "device/cid"} {
		if text := strings.TrimSpace(d.Text(path)); text != "" {
			return text
		}
	}
	return ""
}

// Image is the file behind a loop device that holds the same bytes at the same places, and what the system says of it; ""
// and nil if there is none or it cannot be found by its name.
func (k Kernel) Image(d Disk) (string, *target.ImageFile) {
	name := d.Text("loop", "backing_file")
	if name == "" || d.Text("loop", "offset") != "0" || d.Text("loop", "sizelimit") != "0" {
		return "", nil
	}
	path, err := filepath.EvalSymlinks(name)
	if err != nil {
		return "", nil
	}
	var st unix.Stat_t
	if Retry(func() error { return unix.Stat(path, &st) }) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return "", nil
	}
	if !k.loopOn(d.Name, FileID{Dev: st.Dev, Inode: st.Ino, FD: -1}) {
		return "", nil
	}
	return path, ImageFile(st)
}

// ImageFile is what the system says of a file.
func ImageFile(st unix.Stat_t) *target.ImageFile {
	return &target.ImageFile{Dev: st.Dev, Inode: st.Ino, UID: st.Uid, GID: st.Gid}
}

// Fit refuses block devices that are no whole disks.
func (k Kernel) Fit(path string, d Disk) error {
	if w, ok := d.Whole(); ok {
		return fmt.Errorf("%s %w: give the whole disk, %s", path, target.ErrPartition, k.Node(w))
	}
	return nil
}

// Admit makes sure that a block device may be edited now.
func (k Kernel) Admit(path string, d Disk, opts target.Options) error {
	switch {
	case d.Text("size") == "0":
		return fmt.Errorf("%s %w", path, target.ErrNoMedium)
	case d.Text("ro") == "1" && opts.Mode == target.Edit:
		return fmt.Errorf("%s %w: the device is read-only; run `%s` if that is not on purpose", path, target.ErrReadOnly, safetext.Command("blockdev", "--setrw", safetext.Operand(path)))
	case k.Physical(d) && !opts.AllowDisks && opts.Mode == target.Edit:
		return fmt.Errorf("%s %w", path, target.ErrPhysical)
	}
	if use := k.WholeUser(path, d); use != nil {
		return use
	}
	return nil
}

// IsBlock reports whether a file is the node of a block device.
func IsBlock(info fs.FileInfo) bool {
	return info.Mode()&fs.ModeDevice != 0 && info.Mode()&fs.ModeCharDevice == 0
}

// Devices lists the nodes of the block devices that can be edited: loop devices that are set up and other images that are
// shown as devices; physical disks only if they are allowed.
func (k Kernel) Devices(physical bool) []string {
	var list []Disk
	for _, name := range names(filepath.Join(k.sys, "block")) {
		dir, err := filepath.EvalSymlinks(filepath.Join(k.sys, "block", name))
		if err != nil {
			continue
		}
		d := Disk{Name: name, dir: dir}
		setUp := d.Text("size") != "0" && (!d.Is("loop") || d.Text("loop", "backing_file") != "")
		// Of disks in memory there are many on some machines, and nobody keeps an image there.
		if setUp && !d.Is("ram") && !d.Is("zram") && (physical || !k.Physical(d)) {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b Disk) int {
		return cmp.Or(cmp.Compare(stem(a.Name), stem(b.Name)), cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	nodes := make([]string, len(list))
	for i, d := range list {
		nodes[i] = k.Node(d)
	}
	return nodes
}

// stem is a kernel's name without its number.
func stem(name string) string { return strings.TrimRight(name, "0123456789") }
