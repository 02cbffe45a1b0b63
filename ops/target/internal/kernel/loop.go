package kernel

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/target"
)

// Extent says which loop devices count as users of a file.
type Extent int

// The extents.
const (
	Wholly   Extent = iota // all loop devices count
	Partly                 // only those that show all of the file count
	Writable               // only those that can be written to count
)

// loopUser names a loop device on the file, or returns nil if none counts. A loop device ignores all locks, even if it is
// not mounted. ending is added to the advice.
func (k Kernel) loopUser(path string, id FileID, admitted Extent, ending string) *target.InUse {
	for _, d := range k.loopsOn(id) {
		l := d.Loop()
		if admitted == Partly && !l.Whole() || admitted == Writable && l.ReadOnly {
			continue
		}
		what, todo := d.LoopUses()
		// The kernel removes a device made by `mount -o loop` with the mount.
		if len(todo) == 0 || !l.Passing {
			todo = append(todo, fmt.Sprintf("run `losetup -d %s`", l.Node))
		}
		return &target.InUse{Path: path, Holder: what, Advice: strings.Join(todo, ", then ") + ending}
	}
	return nil
}

// Loops lists the loop devices that are set up on a file.
func (k Kernel) Loops(id FileID) []target.Loop {
	var list []target.Loop
	for _, d := range k.loopsOn(id) {
		list = append(list, d.Loop())
	}
	return list
}

func (k Kernel) loopsOn(id FileID) []Disk {
	return slices.DeleteFunc(k.blocks(), func(d Disk) bool { return !d.shows(id) })
}

// shows reports whether a loop device is set up on the file.
func (d Disk) shows(id FileID) bool {
	file := d.Text("loop", "backing_file")
	switch {
	case file == "":
		return false
	case id.is(file):
		return true
	case d.fits(file):
		return false
	}
	info, err := d.loopStatus()
	return err == nil && info.Device == id.Dev && info.Inode == id.Inode
}

// fits reports whether, by /sys and the size of the file with this name, a loop device shows exactly the bytes of that
// file. Then the file counts as the device's, and the device need not be opened.
func (d Disk) fits(file string) bool {
	info, err := os.Stat(file)
	offset, limit, sectors := d.count("loop/offset"), d.count("loop/sizelimit"), d.count("size")
	if err != nil || !info.Mode().IsRegular() || !filepath.IsAbs(file) || offset < 0 || limit < 0 || sectors <= 0 {
		return false
	}
	shown := info.Size() - offset
	if limit > 0 {
		shown = min(shown, limit)
	}
	return shown/sysUnit == sectors
}

// loopStatus asks a loop device for the identity of its file. The name in /sys need not lead to that file: it may have been
// removed, which adds " (deleted)", hidden by a mount, or be in another container.
func (d Disk) loopStatus() (*unix.LoopInfo64, error) {
	node, err := os.OpenFile(d.Node(), os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = node.Close() }() // it was only read
	return unix.IoctlLoopGetStatus64(int(node.Fd()))
}

// Loop describes d as a loop device. File is "" if d is not a loop device or is not set up.
func (d Disk) Loop() target.Loop {
	return target.Loop{
		Node: d.Node(), File: d.Text("loop", "backing_file"),
		Offset: max(0, d.count("loop/offset")), Limit: max(0, d.count("loop/sizelimit")),
		ReadOnly: d.Text("ro") == "1", Passing: d.Text("loop", "autoclear") == "1",
	}
}

// LoopFiles returns the loop devices that are set up, by the files behind them.
func (k Kernel) LoopFiles() map[FileID]Disk {
	list := map[FileID]Disk{}
	for _, d := range k.blocks() {
		back := d.Text("loop", "backing_file")
		if back == "" {
			continue
		}
		if id, err := FileAt(back); err == nil {
			list[id] = d
		}
		if info, err := d.loopStatus(); err == nil {
			list[FileID{Dev: info.Device, Inode: info.Inode, FD: -1}] = d
		}
	}
	return list
}

// A diskUse is a use of a block device, and how to end it.
type diskUse struct {
	what model.Use
	undo string
}

// LoopUses describes a loop device and its uses in words, and lists how to end those uses.
func (d Disk) LoopUses() (what string, todo []string) {
	uses, todo := d.AllUses()
	return strings.Join(append([]string{"loop device " + d.Node()}, uses...), ", "), todo
}

// AllUses lists the uses of a disk and its partitions, and how to end each.
func (d Disk) AllUses() (uses, todo []string) {
	add := func(what model.Use, undo string) {
		uses, todo = append(uses, what.String()), append(todo, undo)
	}
	parts := d.Parts()
	parts[0] = d
	for _, number := range slices.Sorted(maps.Keys(parts)) {
		p := parts[number]
		for _, at := range p.Mounts() {
			add(model.Use{Kind: model.Mounted, Place: at}, fmt.Sprintf("run `%s`", safetext.Command("umount", at)))
		}
		if slices.Contains(d.k.swaps(), p.Node()) {
			add(model.Use{Kind: model.SwapSpace}, fmt.Sprintf("run `swapoff %s`", p.Node()))
		}
		for _, h := range p.holders() {
			add(h.what, h.undo)
		}
	}
	return uses, todo
}

// holders lists uses by block devices that are built on this one.
func (d Disk) holders() []diskUse {
	var uses []diskUse
	for _, name := range names(d.dir, "holders") {
		holder := d.k.block(name)
		use := diskUse{model.Use{Kind: model.Held, Place: holder.Node()}, "stop " + holder.Node()}
		if mapped := holder.Text("dm", "name"); mapped != "" {
			use.what.Place, use.undo = "device mapper "+mapped, "close "+filepath.Join(d.k.dev, "mapper", mapped)
		}
		uses = append(uses, use)
	}
	return uses
}
