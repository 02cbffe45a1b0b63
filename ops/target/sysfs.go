package target

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// disk is what /sys tells of a block device.
type disk struct {
	name   string // the kernel's: "loop0", "sda"; "/" shows as "!"
	dir    string // where /sys tells of it
	number string // "7:0"
}

// deviceNumber is a number as /sys and mountinfo write it.
func deviceNumber(rdev uint64) string {
	return fmt.Sprintf("%d:%d", unix.Major(rdev), unix.Minor(rdev))
}

// disk finds a block device by its number.
func (k kernel) disk(rdev uint64) (disk, error) {
	number := deviceNumber(rdev)
	dir, err := filepath.EvalSymlinks(filepath.Join(k.sys, "dev", "block", number))
	if err != nil {
		return disk{}, fmt.Errorf("find the block device %s: %w", number, cause(err))
	}
	return disk{name: filepath.Base(dir), dir: dir, number: number}, nil
}

func rdevOf(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Rdev
	}
	return 0
}

// text is the content of one file of the device, "" if there is none.
func (d disk) text(path ...string) string {
	b, err := os.ReadFile(filepath.Join(append([]string{d.dir}, path...)...))
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(b), "\n")
}

func (d disk) has(path ...string) bool {
	_, err := os.Stat(filepath.Join(append([]string{d.dir}, path...)...))
	return err == nil
}

// node is the path of the device's node.
func (k kernel) node(d disk) string {
	return filepath.Join(k.dev, strings.ReplaceAll(d.name, "!", "/"))
}

// whole is the disk that a partition belongs to; ok is false if d is no partition.
func (d disk) whole() (disk, bool) {
	if !d.has("partition") {
		return disk{}, false
	}
	dir := filepath.Dir(d.dir)
	w := disk{name: filepath.Base(dir), dir: dir}
	w.number = w.text("dev")
	return w, true
}

// parts lists the partitions of a disk that the kernel knows, by their numbers.
func (d disk) parts() map[int]disk {
	list := map[int]disk{}
	for _, name := range names(d.dir) {
		p := disk{name: name, dir: filepath.Join(d.dir, name)}
		number, err := strconv.Atoi(p.text("partition"))
		if err != nil {
			continue
		}
		p.number = p.text("dev")
		list[number] = p
	}
	return list
}

// sysUnit is what /sys counts in, whatever the disk's sector is.
const sysUnit = 512

// span is where a partition lies, as the kernel knows it.
func (d disk) span() (start, n int64, err error) {
	start, err1 := strconv.ParseInt(d.text("start"), 10, 64)
	n, err2 := strconv.ParseInt(d.text("size"), 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, fmt.Errorf("ask where %s lies: %w", d.name, err)
	}
	return start * sysUnit, n * sysUnit, nil
}

// sort is what kind of device it is, for people.
func (k kernel) sort(d disk) string {
	switch {
	case d.is("loop"):
		return "loop device"
	case d.is("nbd"):
		return "network block device"
	case d.is("ram"), d.is("zram"):
		return "RAM disk"
	case d.is("dm-"):
		return "device mapper volume"
	case d.is("md"):
		return "RAID"
	}
	return "disk"
}

// is reports whether the kernel's name is the prefix and a number.
func (d disk) is(prefix string) bool {
	rest, ok := strings.CutPrefix(d.name, prefix)
	return ok && rest != "" && strings.Trim(rest, "0123456789") == ""
}

// physical reports whether people may depend on the device: everything counts that is not known to be an image, an
// export or memory, or built on nothing else.
func (k kernel) physical(d disk) bool {
	if w, ok := d.whole(); ok {
		d = w
	}
	switch {
	case d.is("nbd"), d.is("ram"), d.is("zram"):
		return false
	case d.is("loop"):
		info, err := os.Stat(d.text("loop", "backing_file"))
		if err != nil || info.Mode()&fs.ModeDevice == 0 {
			return false
		}
		below, err := k.disk(rdevOf(info))
		return err != nil || below.name == d.name || k.physical(below)
	case d.is("dm-"):
		below := names(filepath.Join(d.dir, "slaves"))
		for _, name := range below {
			dir, err := filepath.EvalSymlinks(filepath.Join(d.dir, "slaves", name))
			if err != nil || k.physical(disk{name: name, dir: dir}) {
				return true
			}
		}
		return len(below) == 0
	}
	return true
}

// serial is what names the hardware or volume for good, "" if nothing does.
func (d disk) serial() string {
	for _, path := range []string{"wwid", "device/wwid", "dm/uuid", "md/uuid", "serial", "device/serial", "device/cid"} {
		if text := strings.TrimSpace(d.text(path)); text != "" {
			return text
		}
	}
	return ""
}

// image is the file behind a loop device that holds the same bytes at the same places, and what the system says of it; ""
// and nil if there is none or it cannot be found by its name.
func (k kernel) image(d disk) (string, *ImageFile) {
	name := d.text("loop", "backing_file")
	if name == "" || d.text("loop", "offset") != "0" || d.text("loop", "sizelimit") != "0" {
		return "", nil
	}
	path, err := filepath.EvalSymlinks(name)
	if err != nil {
		return "", nil
	}
	var st unix.Stat_t
	if retry(func() error { return unix.Stat(path, &st) }) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return "", nil
	}
	if !k.loopOn(d.name, fileID{dev: st.Dev, inode: st.Ino, fd: -1}) {
		return "", nil
	}
	return path, imageFile(st)
}
