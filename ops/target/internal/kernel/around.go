package kernel

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

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

// SwapOn is the name by which a file is in use as swap, "" if it is not.
func (k Kernel) SwapOn(id FileID) string {
	for _, swap := range k.swaps() {
		if id.is(swap) {
			return swap
		}
	}
	return ""
}

// OpenHere reports whether this process has the file open by another descriptor.
func (k Kernel) OpenHere(id FileID) bool {
	return slices.ContainsFunc(k.openers(id), func(o opener) bool { return o.pid == os.Getpid() })
}
