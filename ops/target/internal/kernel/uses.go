package kernel

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/target"
)

// Windows tells which parts of an image file are in use by way of loop devices that show a part of it.
func (k Kernel) Windows(id FileID, size int64, parts []target.Part) map[int]model.Use {
	list := map[int]model.Use{}
	var spaces []mountSpace
	for _, name := range k.LoopsOn(id) {
		l := k.Loop(name)
		start, end := l.Offset, size
		if l.Limit != 0 {
			end = min(size, start+l.Limit)
		}
		if start == 0 && end == size {
			continue // the image as a whole is in use, which is told elsewhere
		}
		if spaces == nil {
			spaces = k.mountSpaces()
		}
		use, busy := k.use(k.block(name), spaces)
		if !busy {
			use = byLoop(l.Node)
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

// PartMounts are the directories where a part of an image file is mounted by way of loop devices that show exactly that.
func (k Kernel) PartMounts(id FileID, size int64, p target.Part) []string {
	var list []string
	for _, name := range k.LoopsOn(id) {
		if l := k.Loop(name); l.Offset == p.Start && (l.Limit == p.Len || l.Limit == 0 && l.Offset+p.Len == size) {
			list = append(list, k.Mounts(k.block(name))...)
		}
	}
	return list
}

// Uses tells which partitions of a disk are in use.
func (k Kernel) Uses(d Disk) map[int]model.Use {
	spaces := k.mountSpaces()
	list := map[int]model.Use{}
	for number, p := range d.Parts() {
		if use, busy := k.use(p, spaces); busy {
			list[number] = use
		}
	}
	return list
}

// use is what a block device is used for. Devices are compared by their numbers wherever there is one: names lie.
func (k Kernel) use(p Disk, spaces []mountSpace) (model.Use, bool) {
	for _, space := range spaces {
		if use, mounted := space.use(p.Number, k.members(p)); mounted {
			return use, true
		}
	}
	node := k.Node(p)
	for _, swap := range k.swaps() {
		if swap == node || k.NumberOf(swap) == p.Number {
			return model.Use{Kind: model.SwapSpace}, true
		}
	}
	for _, holder := range names(filepath.Join(p.dir, "holders")) {
		return k.holderUse(holder).what, true
	}
	if len(k.members(p)) > 0 {
		return model.Use{Kind: model.Shared}, true
	}
	var st unix.Stat_t
	if Retry(func() error { return unix.Stat(node, &st) }) == nil {
		for _, name := range names(filepath.Join(k.sys, "block")) {
			if strings.HasPrefix(name, "loop") && k.loopOn(name, FileID{Dev: st.Dev, Inode: st.Ino, FD: -1}) {
				return byLoop(filepath.Join(k.dev, name)), true
			}
		}
	}
	return model.Use{}, false
}

// byLoop is the use by a loop device.
func byLoop(node string) model.Use { return model.Use{Kind: model.Held, Place: "loop device " + node} }

// NumberOf is the number of the block device at a path, "" if there is none.
func (k Kernel) NumberOf(path string) string {
	info, err := os.Stat(path)
	if err != nil || info.Mode()&fs.ModeDevice == 0 || info.Mode()&fs.ModeCharDevice != 0 {
		return ""
	}
	return deviceNumber(RdevOf(info))
}

// members are the nodes of all devices of the mounted btrfs that p is one of, none if it is not.
func (k Kernel) members(p Disk) []string {
	top := filepath.Join(k.sys, "fs", "btrfs")
	for _, uuid := range names(top) {
		devices := names(filepath.Join(top, uuid, "devices"))
		mine := false
		nodes := make([]string, len(devices))
		for i, name := range devices {
			mine = mine || name == p.Name
			nodes[i] = k.Node(Disk{Name: name})
		}
		if mine {
			return nodes
		}
	}
	return nil
}

// mountSpace is one mount namespace: what is mounted in it, and who is in it.
type mountSpace struct {
	lines []byte
	who   string // "" for the one of this process
}

// mountSpaces lists the mount namespaces that can be seen, that of this process first.
func (k Kernel) mountSpaces() []mountSpace {
	own, err := os.ReadFile(k.self("mountinfo"))
	if err != nil {
		return nil
	}
	spaces := []mountSpace{{lines: own}}
	mine, _ := os.Readlink(k.self("ns", "mnt"))
	seen := map[string]bool{mine: true}
	for _, proc := range names(k.proc) {
		pid, err := strconv.Atoi(proc)
		if err != nil {
			continue
		}
		ns, err := os.Readlink(filepath.Join(k.proc, proc, "ns", "mnt"))
		if err != nil || seen[ns] || k.atItsEnd(proc) {
			continue // a namespace goes with the last process in it
		}
		seen[ns] = true
		if lines, err := os.ReadFile(filepath.Join(k.proc, proc, "mountinfo")); err == nil {
			spaces = append(spaces, mountSpace{lines: lines, who: fmt.Sprintf("%s (pid %d)", k.program(pid), pid)})
		}
	}
	return spaces
}

// use tells whether a device is mounted in the namespace, by its number, or by a name of it or of another member of its
// file system where the file system shows a number of its own.
func (m mountSpace) use(number string, members []string) (model.Use, bool) {
	use, found := model.Use{}, false
	for line := range bytes.Lines(m.lines) {
		mount, ok := parseMount(string(line))
		if !ok || mount.number != number && !slices.Contains(members, mount.source) {
			continue
		}
		switch {
		case m.who != "":
			return model.Use{Kind: model.Mounted, Place: mount.at, By: m.who}, true
		case mount.writable:
			return model.Use{Kind: model.Mounted, Place: mount.at}, true
		case !found:
			use, found = model.Use{Kind: model.Mounted, Place: mount.at, ReadOnly: true}, true
		}
	}
	return use, found
}

// mount is a line of mountinfo.
type mount struct {
	number, at, source string
	writable           bool // the mount and its file system both
}

func parseMount(line string) (mount, bool) {
	// "36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root rw"; any number of fields may precede the "-"
	before, after, _ := strings.Cut(line, " - ")
	place, source := strings.Fields(before), strings.Fields(after)
	if len(place) < 6 || len(source) < 3 {
		return mount{}, false
	}
	readOnly := slices.Contains(strings.Split(place[5], ","), "ro") || slices.Contains(strings.Split(source[2], ","), "ro")
	return mount{number: place[2], at: target.Unescape(place[4]), source: target.Unescape(source[1]), writable: !readOnly}, true
}

// WholeUser names who uses a block device as a whole, nil if nobody does.
func (k Kernel) WholeUser(path string, d Disk) *target.InUse {
	use, busy := k.use(d, k.mountSpaces())
	if !busy {
		return nil
	}
	advice := use.Way()
	if use.Kind == model.SwapSpace {
		advice = fmt.Sprintf("run `%s` first", safetext.Command("swapoff", safetext.Operand(path)))
	}
	return &target.InUse{Path: path, Holder: "the system: it is " + use.String(), Advice: advice}
}

// Claimant names who has a device open for itself alone.
func (k Kernel) Claimant(path string, d Disk, id FileID) *target.InUse {
	for _, o := range k.openers(id) {
		if o.pid != os.Getpid() {
			return k.inUse(path, o.pid)
		}
	}
	return &target.InUse{
		Path: path, Holder: "a program or a part of the system that has it for itself",
		Advice: fmt.Sprintf("find it as root with `lsof %s*` and stop it", k.Node(d)),
	}
}
