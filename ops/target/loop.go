package target

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/safetext"
)

// loopUser names a loop device on the file, nil if there is none. A loop device reads and writes behind the back of
// every lock, mounted or not.
// Loop devices that show a part of the file only are left out if only partly shown ones are admitted.
func (k kernel) loopUser(path string, id fileID, admitted extent) *InUse {
	for _, disk := range k.loopsOn(id) {
		if l := k.loop(disk); admitted == partly && (l.Offset != 0 || l.Limit != 0) {
			continue
		}
		node := filepath.Join(k.dev, disk)
		what, todo := k.loopHolder(disk)
		use := &InUse{Path: path, Holder: what}
		// A device made by `mount -o loop` goes away with the mount.
		if auto, _ := os.ReadFile(filepath.Join(k.sys, "block", disk, "loop", "autoclear")); len(todo) == 0 || strings.TrimSpace(string(auto)) != "1" {
			todo = append(todo, fmt.Sprintf("run `losetup -d %s`", node))
		}
		use.Advice = strings.Join(todo, ", then ") + openAgain
		return use
	}
	return nil
}

// loopHolder describes a loop device with what it is used for, and lists what ends those uses.
func (k kernel) loopHolder(disk string) (what string, todo []string) {
	what = "loop device " + filepath.Join(k.dev, disk)
	for _, at := range k.blockUses(disk) {
		what += ", " + at.what.String()
		todo = append(todo, at.undo)
	}
	return what, todo
}

// openAgain ends the advice to those who open a target.
const openAgain = ", and open it again"

// extent says how much of a file loop devices may show to count as its users.
type extent int

const (
	wholly extent = iota // all loop devices count
	partly               // those that show a part of the file do not count
)

// loopOn reports whether a loop device is set up on the file.
func (k kernel) loopOn(disk string, id fileID) bool {
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
	return err == nil && info.Device == id.dev && info.Inode == id.inode
}

// loopFits reports whether a loop device shows a file of this name to the byte, as far as /sys and the file tell. Then it is
// the device's file, and there is no need to open a device that is none of our business.
func (k kernel) loopFits(disk, file string) bool {
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
func (k kernel) loopStatus(disk string) (*unix.LoopInfo64, error) {
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
func (k kernel) blockUses(disk string) []blockUse {
	var uses []blockUse
	top := filepath.Join(k.sys, "block", disk)
	dirs := []string{top}
	for _, part := range names(top) {
		if strings.HasPrefix(part, disk) {
			dirs = append(dirs, filepath.Join(top, part))
		}
	}
	for _, dir := range dirs {
		number, err := os.ReadFile(filepath.Join(dir, "dev"))
		if err != nil {
			continue
		}
		node := filepath.Join(k.dev, filepath.Base(dir))
		for _, at := range k.mounts(strings.TrimSpace(string(number)), node) {
			uses = append(uses, blockUse{model.Use{Kind: model.Mounted, Place: at}, fmt.Sprintf("run `%s`", safetext.Command("umount", at))})
		}
		for _, swap := range k.swaps() {
			if swap == node {
				uses = append(uses, blockUse{model.Use{Kind: model.SwapSpace}, fmt.Sprintf("run `swapoff %s`", node)})
			}
		}
		for _, holder := range names(filepath.Join(dir, "holders")) {
			uses = append(uses, k.holderUse(holder))
		}
	}
	return uses
}

// holderUse describes a block device that is built on another one.
func (k kernel) holderUse(holder string) blockUse {
	name, err := os.ReadFile(filepath.Join(k.sys, "block", holder, "dm", "name"))
	if err == nil {
		mapped := strings.TrimSpace(string(name))
		return blockUse{model.Use{Kind: model.Held, Place: "device mapper " + mapped}, fmt.Sprintf("close %s", filepath.Join(k.dev, "mapper", mapped))}
	}
	node := filepath.Join(k.dev, holder)
	return blockUse{model.Use{Kind: model.Held, Place: node}, "stop " + node}
}

// mounts lists where a block device is mounted, by its number, or by its name where the file system shows a number of
// its own.
func (k kernel) mounts(number, node string) []string {
	text, err := os.ReadFile(k.self("mountinfo"))
	if err != nil {
		return nil
	}
	var at []string
	for line := range strings.Lines(string(text)) {
		// "36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root rw"; any number of fields may precede the "-"
		before, after, _ := strings.Cut(line, " - ")
		place, source := strings.Fields(before), strings.Fields(after)
		if len(place) >= 5 && (place[2] == number || (len(source) >= 2 && source[1] == node)) {
			at = append(at, unescape(place[4]))
		}
	}
	return at
}

// swaps lists the files and devices in use as swap.
func (k kernel) swaps() []string {
	text, err := os.ReadFile(filepath.Join(k.proc, "swaps"))
	if err != nil {
		return nil
	}
	var list []string
	for line := range strings.Lines(string(text)) {
		if field := strings.Fields(line); len(field) > 0 && strings.HasPrefix(field[0], "/") {
			list = append(list, unescape(field[0]))
		}
	}
	return list
}

// unescape undoes the octal escapes by which /proc keeps its lines apart.
func unescape(text string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(text)
}
