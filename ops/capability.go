package ops

import (
	"shunt/geometry"
	"shunt/model"
)

// Capabilities maps each kind of file system to what can be done with it here; a missing kind can be
// moved as opaque bytes and nothing else.
type Capabilities map[model.FSKind]Capability

// Capability is what can be done with one kind of file system on this machine, and what there is to know of the kind for
// that. The file system's driver fills it in.
type Capability struct {
	// An empty string means "can be done"; otherwise it is the reason why not, ready to be shown ("resize2fs is not
	// installed: apt install e2fsprogs", "XFS cannot be shrunk").
	Create, Grow, Shrink, Move, Copy, Check, Label, UUID string
	// Online is why it cannot be grown while it is mounted.
	Online string
	// HalfUUID says that half of its UUID can be made new.
	HalfUUID bool
	// MinSize and MaxSize bound the size of a partition with this file system; 0 means no bound.
	MinSize, MaxSize geometry.Bytes
	// MinSectors is the fewest sectors that a new one takes, whatever their size.
	MinSectors geometry.Sector
	// Only512 is why none can be made on a disk with sectors of 4096 bytes, "" if that is possible.
	Only512 string
	// Instead is what to do where MinSectors or Only512 forbids a new one: "take fat16".
	Instead string
	// Labels says which labels it can hold.
	Labels LabelRule
	// NewBlock is the size of block, or cluster, that a new one of this length gets; nil stands for 4 KiB.
	NewBlock func(length geometry.Bytes, z geometry.SectorSize) geometry.Bytes
	// KeepsPosition says that it stores where it begins on the disk, and is told so after a move.
	KeepsPosition bool
	// EndsAtSize says that it keeps nothing behind the end of its size, so that a copy need not have what is there.
	EndsAtSize bool
	// FreeKnown says that its free blocks are known, and do not follow when it moves.
	FreeKnown bool
	// Tools are the programs that do it.
	Tools ToolNames
	// Package is the Debian package that brings the tools.
	Package string
}

// ToolNames are the programs that change a kind of file system, as people know them; "" where shunt does it itself.
type ToolNames struct {
	Create, Resize, Online, Check, Label, UUID string
}

// of is the program that carries a step out, "" if shunt does it alone or it only reads.
func (t ToolNames) of(kind StepKind) string {
	switch kind {
	case StepCheckFS:
		return t.Check
	case StepResizeFS:
		return t.Resize
	case StepGrowMounted:
		return t.Online
	case StepMakeFS:
		return t.Create
	case StepLabelFS:
		return t.Label
	case StepUUIDFS:
		return t.UUID
	case StepResizeImage, StepVerifyFS, StepRemap, StepCopy, StepMoved, StepWipe, StepWipeDisk, StepWriteTable:
	}
	return ""
}

// Of is the capability for a kind, with reasons filled in for kinds that are not known.
func (c Capabilities) Of(kind model.FSKind) Capability {
	if capability, ok := c[kind]; ok {
		return capability
	}
	if kind == model.Unformatted {
		no := "there is no file system in it"
		return Capability{Create: no, Check: no, Label: no, UUID: no, Online: no}
	}
	no := "shunt has no tool for " + string(kind)
	return Capability{Create: no, Grow: no, Shrink: no, Check: no, Label: no, UUID: no, Online: no}
}
