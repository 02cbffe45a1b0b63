package ops

import (
	"shunt/geometry"
	"shunt/model"
)

// Capabilities maps each kind of file system to what can be done with it here; a missing kind can be
// moved as opaque bytes and nothing else.
type Capabilities map[model.FSKind]Capability

// Capability is what can be done with one kind of file system on this machine, and the facts about the kind that
// operations need. The driver of the file system fills it in.
type Capability struct {
	// These are the reasons against what can be done: "XFS cannot be shrunk". Online is growing it while it is mounted.
	Create, Grow, Shrink, Move, Copy, Check, Label, UUID, Online model.Reason
	// Missing are the Debian packages to install for what cannot be done because a program is missing.
	Missing []string
	// HalfUUID is set if half of its UUID can be replaced.
	HalfUUID bool
	// MinSize and MaxSize bound the size of a partition with this file system; 0 means no bound.
	MinSize, MaxSize geometry.Bytes
	// MinSectors is the smallest number of sectors in which one can be made, whatever their size.
	MinSectors geometry.Sector
	// Only512 is the reason why none can be made on a disk with sectors of 4096 bytes.
	Only512 model.Reason
	// Labels says which labels it can hold. NoLabel returns the reason why one file system of the kind has none; it may be
	// nil.
	Labels  LabelRule
	NoLabel func(fs model.Filesystem) model.Reason
	// NewBlock returns the block or cluster size of a new file system of this length; nil stands for 4 KiB.
	NewBlock func(length geometry.Bytes, z geometry.SectorSize) geometry.Bytes
	// KeepsPosition is set if it stores its position on the disk, which must be corrected after a move.
	KeepsPosition bool
	// EndsAtSize is set if it stores nothing behind the end of its size. A copy may leave out what follows.
	EndsAtSize bool
	// FreeKnown is set if its free blocks are known. A move does not copy those.
	FreeKnown bool
	// Tools are the programs that do the work.
	Tools ToolNames
	// Package is the Debian package with the tools.
	Package string
}

// ToolNames are the programs that change a kind of file system, as people know them. "" means that shunt does it itself.
type ToolNames struct {
	Create, Resize, Online, Check, Label, UUID string
}

// of returns the program that carries out a step, or "" if shunt does so itself or the step only reads.
func (t ToolNames) of(kind StepKind) string {
	return map[StepKind]string{
		StepCheckFS: t.Check, StepResizeFS: t.Resize, StepGrowMounted: t.Online, StepMakeFS: t.Create, StepLabelFS: t.Label, StepUUIDFS: t.UUID,
	}[kind]
}

// Of is the capability for a kind, with reasons filled in for kinds that are not known.
func (c Capabilities) Of(kind model.FSKind) Capability {
	if capability, ok := c[kind]; ok {
		return capability
	}
	if kind == model.Unformatted {
		const no = "there is no file system in it"
		return Capability{Create: no, Check: no, Label: no, UUID: no, Online: no}
	}
	no := model.Because("shunt has no tool for %s", kind)
	return Capability{Create: no, Grow: no, Shrink: no, Check: no, Label: no, UUID: no, Online: no}
}

// For is the capability for the file system of a partition: that of its kind, but that no tool is run on it where a part
// of it lies on another device.
func (c Capabilities) For(fs model.Filesystem) Capability {
	can := c.Of(fs.Kind)
	if no := fs.Elsewhere.NoTools(); !no.OK() {
		can.Grow, can.Shrink, can.Check, can.Label, can.UUID, can.Online = no, no, no, no, no, no
	}
	return can
}
