package ops

import (
	"cmp"

	"shunt/geometry"
	"shunt/model"
)

// Capabilities maps each kind of file system to what this machine can do with it. A kind that is missing can be moved as
// bytes and nothing else.
type Capabilities map[model.FSKind]Capability

// Capability says what this machine can do with one kind of file system, and holds the facts about the kind that
// operations need. The driver of the file system fills it in.
type Capability struct {
	// Each of these is the reason why something cannot be done, such as "XFS cannot be shrunk", or "". Online is about
	// growing a mounted file system.
	Create, Grow, Shrink, Move, Copy, Check, Label, UUID, Online model.Reason
	// Replay is the reason why this machine cannot bring in what the journal of such a file system holds, or "".
	Replay model.Reason
	// Narrow takes away the abilities that one particular file system of the kind forbids. It may be nil.
	Narrow func(can Capability, fs model.Filesystem) Capability
	// Missing lists the Debian packages of the programs that are missing.
	Missing []string
	// Brings names the Debian package that brings an ability which is missing only because a program is.
	Brings map[Ability]string
	// HalfUUID is set if half of the UUID can be replaced.
	HalfUUID bool
	// MinSize and MaxSize limit the size of a partition with this file system. 0 means no limit.
	MinSize, MaxSize geometry.Bytes
	// Slack says how much more than its contents need a file system keeps when it is made as small as possible.
	Slack Slack
	// Resizable is the smallest size to which a file system can be resized. It may have been made smaller than that.
	Resizable geometry.Bytes
	// MinSectors is the smallest number of sectors for a new file system, whatever the sector size.
	MinSectors geometry.Sector
	// Only512 is the reason why the file system cannot be made on a disk with sectors of 4096 bytes, or "".
	Only512 model.Reason
	// Labels says which labels the file system can have.
	Labels LabelRule
	// NewBlock returns the block or cluster size of a new file system of this length. nil means 4 KiB.
	NewBlock func(length geometry.Bytes, z geometry.SectorSize) geometry.Bytes
	// KeepsPosition is set if the file system stores its position on the disk. It must be corrected after a move.
	KeepsPosition bool
	// EndsAtSize is set if nothing is stored behind the end of the file system. A copy may then be shorter than its
	// source.
	EndsAtSize bool
	// FreeKnown is set if the free blocks are known. A move does not copy them.
	FreeKnown bool
	// Tools names the programs that do the work.
	Tools ToolNames
	// Package is the Debian package that contains the tools.
	Package string
}

// ToolNames holds the programs that change a kind of file system, in the names that people know. "" means that shunt does
// the work itself.
type ToolNames struct {
	Create, Resize, Online, Check, Label, UUID string
}

// of returns the program that carries out a step, or "" if shunt does it itself or the step only reads.
func (t ToolNames) of(kind StepKind) string {
	return map[StepKind]string{
		StepCheckFS: t.Check, StepRepairFS: t.Check, StepResizeFS: t.Resize, StepGrowMounted: t.Online,
		StepMakeFS: t.Create, StepLabelFS: t.Label, StepUUIDFS: t.UUID,
	}[kind]
}

// Of returns the capability for a kind. For an unknown kind it holds reasons why nothing can be done.
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

// For returns the capability for one file system. It is that of its kind, but without tools if a part of the file system
// is on another device, or if its journal must be replayed first and this machine cannot do that.
func (c Capabilities) For(fs model.Filesystem) Capability {
	can := c.Of(fs.Kind)
	if can.Narrow != nil {
		can = can.Narrow(can, fs)
	}
	if no := fs.Elsewhere.NoTools(); !no.OK() {
		can.Grow, can.Shrink, can.Check, can.Label, can.UUID, can.Online = no, no, no, no, no, no
	}
	if fs.Features.Has(model.Unreplayed) && !can.Replay.OK() {
		no := model.Because("its journal holds changes that must be brought in before any other edit: %s", can.Replay)
		for _, reason := range []*model.Reason{&can.Grow, &can.Shrink, &can.Check, &can.Label, &can.UUID} {
			*reason = cmp.Or(*reason, no)
		}
	}
	return can
}
