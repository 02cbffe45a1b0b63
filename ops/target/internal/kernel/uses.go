package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/target"
)

// PartUses returns the parts of an image file that are in use by loop devices that show a part of it, by their numbers.
func (k Kernel) PartUses(id FileID, size int64, parts []target.Part) map[int]model.Use {
	list := map[int]model.Use{}
	for _, d := range k.loopsOn(id) {
		l := d.Loop()
		start, end := l.Offset, size
		if l.Limit != 0 {
			end = min(size, start+l.Limit)
		}
		if start == 0 && end == size {
			continue // then the image as a whole is in use
		}
		use := d.use(k.mountSpaces())
		if !use.Busy() {
			use = byLoop(d)
		}
		use.Through = true
		for _, p := range parts {
			if p.Start < end && start < p.Start+p.Len {
				list[p.Number] = use
			}
		}
	}
	return list
}

// PartMounts returns the directories where a part of an image file is mounted by loop devices that show exactly that part, or
// for target.AnyPart, any.
func (k Kernel) PartMounts(id FileID, size int64, p target.Part) []string {
	var list []string
	for _, d := range k.loopsOn(id) {
		if l := d.Loop(); p == target.AnyPart || l.Offset == p.Start && (l.Limit == p.Len || l.Limit == 0 && l.Offset+p.Len == size) {
			list = append(list, d.Mounts()...)
		}
	}
	return list
}

// Uses returns the partitions of a disk that are in use, by their numbers.
func (d Disk) Uses() map[int]model.Use {
	spaces := d.k.mountSpaces()
	list := map[int]model.Use{}
	for number, p := range d.Parts() {
		if use := p.use(spaces); use.Busy() {
			list[number] = use
		}
	}
	return list
}

// WholeUser names the user of a block device as a whole, or returns nil.
func (d Disk) WholeUser(path string) *target.InUse {
	use := d.use(d.k.mountSpaces())
	if !use.Busy() {
		return nil
	}
	advice := use.Way()
	if use.Kind == model.SwapSpace {
		advice = fmt.Sprintf("run `%s` first", safetext.Command("swapoff", safetext.Operand(path)))
	}
	return &target.InUse{Path: path, Holder: "the system: it is " + use.String(), Advice: advice}
}

// use returns the use of a block device. It compares devices by their numbers if they have one, since names can mislead.
func (d Disk) use(spaces []mountSpace) model.Use {
	members := d.members()
	for _, space := range spaces {
		if use := space.use(d.Number, members); use.Busy() {
			return use
		}
	}
	for _, swap := range d.k.swaps() {
		if swap == d.Node() || numberOf(swap) == d.Number {
			return model.Use{Kind: model.SwapSpace}
		}
	}
	if holders := d.holders(); len(holders) > 0 {
		return holders[0].what
	}
	if len(members) > 0 {
		return model.Use{Kind: model.Shared}
	}
	if id, err := FileAt(d.Node()); err == nil {
		if loops := d.k.loopsOn(id); len(loops) > 0 {
			return byLoop(loops[0])
		}
	}
	return model.Use{}
}

func byLoop(d Disk) model.Use { return model.Use{Kind: model.Held, Place: "loop device " + d.Node()} }

// members returns the nodes of all devices of the mounted btrfs that includes d. It returns none if there is no such btrfs.
func (d Disk) members() []string {
	top := filepath.Join(d.k.sys, "fs", "btrfs")
	for _, uuid := range names(top) {
		if devices := names(top, uuid, "devices"); slices.Contains(devices, d.Name) {
			for i, name := range devices {
				devices[i] = Disk{k: d.k, Name: name}.Node()
			}
			return devices
		}
	}
	return nil
}

// SwapOn returns the name by which a file is in use as swap, or "" if it is not.
func (k Kernel) SwapOn(id FileID) string {
	for _, swap := range k.swaps() {
		if id.is(swap) {
			return swap
		}
	}
	return ""
}

// swaps lists the files and devices in use as swap.
func (k Kernel) swaps() []string {
	var list []string
	for line := range strings.Lines(read(k.proc, "swaps")) {
		if field := strings.Fields(line); len(field) > 0 && strings.HasPrefix(field[0], "/") {
			list = append(list, target.Unescape(field[0]))
		}
	}
	return list
}

// A mountSpace is a mount namespace with its mounts.
type mountSpace struct {
	mounts []mount
	who    string // a process in it; "" for the namespace of this process
}

// mountSpaces lists the mount namespaces that this process can see, its own first.
func (k Kernel) mountSpaces() []mountSpace {
	spaces := []mountSpace{{mounts: k.mounts()}}
	mine, _ := os.Readlink(k.self("ns", "mnt"))
	seen := map[string]bool{mine: true}
	for pid, proc := range k.processes() {
		ns, err := os.Readlink(filepath.Join(proc, "ns", "mnt"))
		if err != nil || seen[ns] || endsSoon(read(proc, "stat")) {
			continue // a namespace vanishes with the last process in it
		}
		seen[ns] = true
		spaces = append(spaces, mountSpace{parseMounts(read(proc, "mountinfo")), fmt.Sprintf("%s (pid %d)", k.program(pid), pid)})
	}
	return spaces
}

// use returns how a device is mounted in the namespace. It compares numbers, and also the names in members, since btrfs
// shows a number of its own.
func (m mountSpace) use(number string, members []string) (use model.Use) {
	for _, at := range m.mounts {
		if at.number != number && !slices.Contains(members, at.source) {
			continue
		}
		if m.who != "" || at.writable {
			return model.Use{Kind: model.Mounted, Place: at.at, By: m.who}
		}
		if !use.Busy() {
			use = model.Use{Kind: model.Mounted, Place: at.at, ReadOnly: true}
		}
	}
	return use
}

// Mounts lists where a block device is mounted in the namespace of this process. It compares numbers and names, since some
// file systems show a number of their own.
func (d Disk) Mounts() []string {
	var list []string
	for _, m := range d.k.mounts() {
		if m.number == d.Number || m.source == d.Node() {
			list = append(list, m.at)
		}
	}
	return list
}

// A mount is a line of mountinfo: the path root of the file system on device number is mounted at the directory or file at.
type mount struct {
	id                       string // differs between all mounts
	number, root, at, source string
	kind                     string // "ext4", "fuse.shunt"
	writable                 bool   // neither the mount nor its file system is read-only
}

// mounts lists the mounts in the namespace of this process.
func (k Kernel) mounts() []mount { return parseMounts(read(k.self("mountinfo"))) }

func parseMounts(mountinfo string) []mount {
	var list []mount
	for line := range strings.Lines(mountinfo) {
		// "36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root rw"; any number of fields may precede the "-"
		before, after, _ := strings.Cut(line, " - ")
		place, source := strings.Fields(before), strings.Fields(after)
		if len(place) < 6 || len(source) < 3 {
			continue
		}
		options := strings.Split(place[5]+","+source[2], ",")
		root, at, from := target.Unescape(place[3]), target.Unescape(place[4]), target.Unescape(source[1])
		list = append(list, mount{place[0], place[2], root, at, from, source[0], !slices.Contains(options, "ro")})
	}
	return list
}

// mountPoint returns the topmost mount at a path, or nil if there is none.
func (k Kernel) mountPoint(path string) (found *mount) {
	for _, m := range k.mounts() {
		if m.at == path {
			found = &m // the last one is on top
		}
	}
	return found
}

// Unbound returns the path of a file in its own directory, if path is a mount of that file alone and the directory can be
// seen. It returns other paths as they are.
func (k Kernel) Unbound(path string) string {
	here := k.mountPoint(path)
	own, err := Stat(path)
	if here == nil || err != nil || own.Mode&unix.S_IFMT != unix.S_IFREG {
		return path
	}
	for _, m := range k.mounts() {
		rest, under := strings.CutPrefix(here.root, strings.TrimSuffix(m.root, "/")+"/")
		if m.number != here.number || !under {
			continue
		}
		var st unix.Stat_t
		other := filepath.Join(m.at, rest)
		if unix.Lstat(other, &st) == nil && st.Dev == own.Dev && st.Ino == own.Ino && k.mountPoint(other) == nil {
			return other
		}
	}
	return path
}

// Alone reports whether something is mounted at path itself, as with a mount of a single file.
func (k Kernel) Alone(path string) bool { return k.mountPoint(path) != nil }

// MountedAlone reports whether something is mounted at path itself, or the file at path is mounted alone anywhere.
func (k Kernel) MountedAlone(path string) bool {
	own, err := Stat(path)
	if err != nil {
		return false
	}
	for _, m := range k.mounts() {
		if m.at == path {
			return true
		}
		if filepath.Base(m.root) != filepath.Base(path) {
			continue
		}
		if st, err := Stat(m.at); err == nil && st.Dev == own.Dev && st.Ino == own.Ino {
			return true
		}
	}
	return false
}
