package kernel

import (
	"cmp"
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
	"shunt/model/tried"
	"shunt/ops/target"
)

// A Disk is a block device as /sys describes it.
type Disk struct {
	k      Kernel
	Name   string // the kernel's name: "loop0", "sda"; with "!" for "/"
	Number string // "7:0", "" if there is no such device
	dir    string // its directory in /sys
}

// Disk returns the block device with a number.
func (k Kernel) Disk(rdev uint64) (Disk, error) {
	number := deviceNumber(rdev)
	dir, err := filepath.EvalSymlinks(filepath.Join(k.sys, "dev", "block", number))
	if err != nil {
		return Disk{}, tried.Errorf("find the block device %s: %w", number, tried.Cause(err))
	}
	return k.diskIn(dir), nil
}

func (k Kernel) diskIn(dir string) Disk {
	d := Disk{k: k, Name: filepath.Base(dir), dir: dir}
	d.Number = d.Text("dev")
	return d
}

// block returns the whole block device with a name.
func (k Kernel) block(name string) Disk { return k.diskIn(filepath.Join(k.sys, "block", name)) }

// blocks returns all whole block devices.
func (k Kernel) blocks() (list []Disk) {
	for _, name := range names(k.sys, "block") {
		list = append(list, k.block(name))
	}
	return list
}

// deviceNumber formats a number as /sys and mountinfo do.
func deviceNumber(rdev uint64) string {
	return fmt.Sprintf("%d:%d", unix.Major(rdev), unix.Minor(rdev))
}

// numberOf returns the number of the block device at a path, or "" if there is none.
func numberOf(path string) string {
	if info, err := os.Stat(path); err == nil && IsBlock(info) {
		return deviceNumber(RdevOf(info))
	}
	return ""
}

// RdevOf returns the device number of a device node, or 0 for other files.
func RdevOf(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Rdev
	}
	return 0
}

// Text returns the content of a file in the device's directory, or "" if there is none.
func (d Disk) Text(path ...string) string {
	return strings.TrimSuffix(read(append([]string{d.dir}, path...)...), "\n")
}

// count returns the number in a file in the device's directory, or -1 if there is none.
func (d Disk) count(path string) int64 {
	n, err := strconv.ParseInt(d.Text(path), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// Node returns the path of the device's node.
func (d Disk) Node() string { return filepath.Join(d.k.dev, strings.ReplaceAll(d.Name, "!", "/")) }

// HasNode reports whether the node exists and is that of the device.
func (d Disk) HasNode() bool { return numberOf(d.Node()) == d.Number }

// Whole returns the disk to which a partition belongs. ok is false if d is not a partition.
func (d Disk) Whole() (disk Disk, ok bool) {
	if d.Text("partition") == "" {
		return Disk{}, false
	}
	return d.k.diskIn(filepath.Dir(d.dir)), true
}

// Parts returns the partitions of a disk that the kernel knows, by their numbers.
func (d Disk) Parts() map[int]Disk {
	list := map[int]Disk{}
	for _, name := range names(d.dir) {
		if p := d.k.diskIn(filepath.Join(d.dir, name)); p.count("partition") >= 0 {
			list[int(p.count("partition"))] = p
		}
	}
	return list
}

// sysUnit is the unit of sizes in /sys, in bytes, whatever the disk's sector size is.
const sysUnit = 512

// Bytes returns the size of a device in bytes, or 0 for one that is not set up.
func (d Disk) Bytes() int64 { return max(0, d.count("size")) * sysUnit }

// Span returns the start and the length of a partition in bytes, as the kernel knows it.
func (d Disk) Span() (start, n int64, err error) {
	start, n = d.count("start"), d.count("size")
	if start < 0 || n < 0 {
		return 0, 0, fmt.Errorf("the kernel does not say where %s begins and ends", d.Name)
	}
	return start * sysUnit, n * sysUnit, nil
}

// Kind names the kind of device for people.
func (d Disk) Kind() string {
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
	return ok && rest != "" && strings.Trim(rest, digits) == ""
}

const digits = "0123456789"

// Physical reports whether people may depend on the device. Every device is physical except images, exports, memory, and
// devices that are built only on these.
func (d Disk) Physical() bool {
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
		below, err := d.k.Disk(RdevOf(info))
		return err != nil || below.Name == d.Name || below.Physical()
	case d.Is("dm-"):
		below := names(d.dir, "slaves")
		return len(below) == 0 || slices.ContainsFunc(below, func(name string) bool {
			dir, err := filepath.EvalSymlinks(filepath.Join(d.dir, "slaves", name))
			return err != nil || d.k.diskIn(dir).Physical()
		})
	}
	return true
}

// Serial returns a permanent name of the hardware or volume, or "" if it has none.
func (d Disk) Serial() string {
	for _, path := range []string{"wwid", "device/wwid", "dm/uuid", "md/uuid", "serial", "device/serial", "device/cid"} {
		if text := strings.TrimSpace(d.Text(path)); text != "" {
			return text
		}
	}
	return ""
}

// Place returns the place of the image for a loop device that shows the whole file, if the file is still at its path. Other
// devices have a place of their own in the state directory.
func (d Disk) Place() target.Place {
	if d.count("loop/offset") == 0 && d.count("loop/sizelimit") == 0 {
		path, _ := filepath.EvalSymlinks(d.Text("loop", "backing_file")) // Stat fails for ""
		st, err := Stat(path)
		if err == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && d.shows(FileID{Dev: st.Dev, Inode: st.Ino, FD: -1}) {
			return target.Place{Beside: path, Image: ImageFile(st)}
		}
	}
	const kept = digits + "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_."
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(kept, r) {
			return r
		}
		return '_'
	}, d.Serial())
	return target.Place{Beside: filepath.Join(stateDir(os.Geteuid(), os.Getenv), cmp.Or(name, d.Name))}
}

// stateDir returns the directory for files that belong to devices: /var/lib/shunt, or the user's own state directory.
func stateDir(uid int, env func(string) string) string {
	if uid == 0 {
		return "/var/lib/shunt"
	}
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "shunt")
	}
	return filepath.Join(env("HOME"), ".local", "state", "shunt")
}

// Admit returns an error unless the options allow a block device to be opened now.
func (d Disk) Admit(path string, opts target.Options) error {
	switch {
	case d.Text("size") == "0":
		return fmt.Errorf("%s %w", path, target.ErrNoMedium)
	case d.Text("ro") == "1" && opts.Mode == target.Edit:
		return fmt.Errorf("%s %w: the device is read-only; run `%s` to change that", path, target.ErrReadOnly,
			safetext.Command("blockdev", "--setrw", safetext.Operand(path)))
	case d.Physical() && !opts.AllowDisks && opts.Mode == target.Edit:
		return fmt.Errorf("%s %w", path, target.ErrPhysical)
	}
	if use := d.WholeUser(path); use != nil {
		return use
	}
	return nil
}

// Devices does the work of registry.Devices.
func (k Kernel) Devices(physical bool) []string {
	list := slices.DeleteFunc(k.blocks(), func(d Disk) bool {
		setUp := d.Text("size") != "0" && (!d.Is("loop") || d.Text("loop", "backing_file") != "")
		// Some machines have many RAM disks, and nobody keeps an image there.
		return !setUp || d.Is("ram") || d.Is("zram") || !physical && d.Physical()
	})
	slices.SortFunc(list, func(a, b Disk) int {
		return cmp.Or(cmp.Compare(stem(a.Name), stem(b.Name)), cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	nodes := make([]string, len(list))
	for i, d := range list {
		nodes[i] = d.Node()
	}
	return nodes
}

// stem returns a kernel's name without its number.
func stem(name string) string { return strings.TrimRight(name, digits) }
