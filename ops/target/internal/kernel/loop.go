package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/target"
)

// loopUser names a loop device on the file, nil if there is none. A loop device reads and writes behind the back of
// every lock, mounted or not.
// Loop devices that show a part of the file only are left out if only partly shown ones are admitted. The advice gets the
// ending.
func (k Kernel) loopUser(path string, id FileID, admitted Extent, ending string) *target.InUse {
	for _, disk := range k.LoopsOn(id) {
		l := k.Loop(disk)
		if admitted == Partly && !l.Whole() {
			continue
		}
		what, todo := k.LoopHolder(disk)
		// A device made by `mount -o loop` goes away with the mount.
		if len(todo) == 0 || !l.Passing {
			todo = append(todo, fmt.Sprintf("run `losetup -d %s`", l.Node))
		}
		return &target.InUse{Path: path, Holder: what, Advice: strings.Join(todo, ", then ") + ending}
	}
	return nil
}

// LoopHolder describes a loop device with what it is used for, and lists what ends those uses.
func (k Kernel) LoopHolder(disk string) (what string, todo []string) {
	what = "loop device " + filepath.Join(k.dev, disk)
	for _, at := range k.blockUses(disk) {
		what += ", " + at.what.String()
		todo = append(todo, at.undo)
	}
	return what, todo
}

// Extent says how much of a file loop devices may show to count as its users.
type Extent int

// The extents.
const (
	Wholly Extent = iota // all loop devices count
	Partly               // those that show a part of the file do not count
)

// loopOn reports whether a loop device is set up on the file.
func (k Kernel) loopOn(disk string, id FileID) bool {
	name, err := os.ReadFile(filepath.Join(k.sys, "block", disk, "loop", "backing_file"))
	if err != nil {
		return false // not set up
	}
	file := strings.TrimSuffix(string(name), "\n")
	if id.is(file) {
		return true
	}
	if k.loopFits(disk, file) {
		return false
	}
	info, err := k.loopStatus(disk)
	return err == nil && info.Device == id.Dev && info.Inode == id.Inode
}

// loopFits reports whether a loop device shows a file of this name to the byte, as far as /sys and the file tell. Then it is
// the device's file, and there is no need to open a device that is none of our business.
func (k Kernel) loopFits(disk, file string) bool {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() || !filepath.IsAbs(file) {
		return false
	}
	number := func(name string) int64 {
		text, err := os.ReadFile(filepath.Join(k.sys, "block", disk, name))
		n, bad := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err != nil || bad != nil {
			return -1
		}
		return n
	}
	offset, limit, sectors := number("loop/offset"), number("loop/sizelimit"), number("size")
	if offset < 0 || limit < 0 || sectors <= 0 {
		return false
	}
	shown := info.Size() - offset
	if limit > 0 {
		shown = min(shown, limit)
	}
	return shown/512 == sectors
}

// loopStatus is what a loop device itself tells of its file. The name in /sys is what the file was called for whoever set
// the device up: it can have been removed since, which adds " (deleted)", hidden by a mount or belong to another container.
func (k Kernel) loopStatus(disk string) (*unix.LoopInfo64, error) {
	node, err := os.OpenFile(filepath.Join(k.dev, disk), os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = node.Close() }() // it was only read
	return unix.IoctlLoopGetStatus64(int(node.Fd()))
}

// blockUse is one use of a block device: what it is, and what ends it.
type blockUse struct {
	what model.Use
	undo string
}

// blockUses lists what a disk and its partitions are used for.
func (k Kernel) blockUses(disk string) []blockUse {
	var uses []blockUse
	top := k.block(disk)
	all := []Disk{top}
	for _, name := range names(top.dir) {
		if p := (Disk{Name: name, dir: filepath.Join(top.dir, name)}); strings.HasPrefix(name, disk) {
			p.Number = p.Text("dev")
			all = append(all, p)
		}
	}
	for _, d := range all {
		if d.Number == "" {
			continue
		}
		node := k.Node(d)
		for _, at := range k.Mounts(d) {
			uses = append(uses, blockUse{model.Use{Kind: model.Mounted, Place: at}, fmt.Sprintf("run `%s`", safetext.Command("umount", at))})
		}
		for _, swap := range k.swaps() {
			if swap == node {
				uses = append(uses, blockUse{model.Use{Kind: model.SwapSpace}, fmt.Sprintf("run `swapoff %s`", node)})
			}
		}
		for _, holder := range names(filepath.Join(d.dir, "holders")) {
			uses = append(uses, k.holderUse(holder))
		}
	}
	return uses
}

// holderUse describes a block device that is built on another one.
func (k Kernel) holderUse(holder string) blockUse {
	if mapped := k.block(holder).Text("dm", "name"); mapped != "" {
		return blockUse{model.Use{Kind: model.Held, Place: "device mapper " + mapped}, fmt.Sprintf("close %s", filepath.Join(k.dev, "mapper", mapped))}
	}
	node := filepath.Join(k.dev, holder)
	return blockUse{model.Use{Kind: model.Held, Place: node}, "stop " + node}
}

// Mounts lists where a block device is mounted, by its number, or by its name where the file system shows a number of
// its own.
func (k Kernel) Mounts(d Disk) []string {
	text, err := os.ReadFile(k.self("mountinfo"))
	if err != nil {
		return nil
	}
	var at []string
	for line := range strings.Lines(string(text)) {
		if m, ok := parseMount(line); ok && (m.number == d.Number || m.source == k.Node(d)) {
			at = append(at, m.at)
		}
	}
	return at
}

// Swaps lists the files and devices in use as swap.
func (k Kernel) swaps() []string {
	text, err := os.ReadFile(filepath.Join(k.proc, "swaps"))
	if err != nil {
		return nil
	}
	var list []string
	for line := range strings.Lines(string(text)) {
		if field := strings.Fields(line); len(field) > 0 && strings.HasPrefix(field[0], "/") {
			list = append(list, target.Unescape(field[0]))
		}
	}
	return list
}

// LoopsOn lists the kernel's names of the loop devices on a file.
func (k Kernel) LoopsOn(id FileID) []string {
	var list []string
	for _, name := range names(filepath.Join(k.sys, "block")) {
		if strings.HasPrefix(name, "loop") && k.loopOn(name, id) {
			list = append(list, name)
		}
	}
	return list
}

// Loop is what /sys tells of a loop device.
func (k Kernel) Loop(name string) target.Loop {
	d := k.block(name)
	number := func(path string) int64 {
		n, err := strconv.ParseInt(d.Text("loop", path), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	return target.Loop{
		Node: k.Node(d), File: d.Text("loop", "backing_file"), Offset: number("offset"), Limit: number("sizelimit"),
		ReadOnly: d.Text("ro") == "1", Passing: d.Text("loop", "autoclear") == "1",
	}
}

// LoopFiles are the kernel's names of the loop devices, by the files behind them.
func (k Kernel) LoopFiles() map[FileID]string {
	list := map[FileID]string{}
	for _, name := range names(filepath.Join(k.sys, "block")) {
		back := k.block(name).Text("loop", "backing_file")
		if back == "" {
			continue
		}
		if id, err := FileAt(back); err == nil {
			list[id] = name
		}
		if info, err := k.loopStatus(name); err == nil {
			list[FileID{Dev: info.Device, Inode: info.Inode, FD: -1}] = name
		}
	}
	return list
}

// DiskUses says what a disk and its partitions are used for, "" if for nothing.
func (k Kernel) DiskUses(d Disk) string {
	var uses []string
	for _, use := range k.blockUses(d.Name) {
		uses = append(uses, use.what.String())
	}
	return strings.Join(uses, ", ")
}
