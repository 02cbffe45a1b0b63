package target

import (
	"context"
	"io"
	"iter"

	"shunt/model"
)

// A Switching target is changed as a whole: new content goes to places of its file that nothing refers to, and then one
// write of one sector makes it the content of the disk. Its methods of Device that write fail.
type Switching interface {
	Target

	// Cluster returns the unit of the format in bytes. Data that moves by a multiple of it is not copied.
	Cluster() int64
	// Below returns how many bytes of [off, off+n) of the disk come from a backing file and may be other than zero. If that
	// cannot be read it returns n.
	Below(off, n int64) int64
	// EmptyFrom returns the byte of the disk from which on a part that is emptied gives its room in the file back. Before it,
	// the format has no mark for zeros, and they are written.
	EmptyFrom() int64
	// ImageState returns what the format asks for before the disk can be edited.
	ImageState() model.ImageState
	// Container returns the bytes of the file itself.
	Container() Device
	// Estimate returns what a change would take. It writes nothing. Its errors say why the target cannot be changed so.
	Estimate(ctx context.Context, next Next) (SwitchCost, error)
	// Stage writes what a change needs and syncs it. The disk shows its old content all the same, after an error too, and
	// Unstage takes back the room that was used. Writing must have been allowed.
	Stage(ctx context.Context, next Next, watch func(done int64)) (Switch, error)
	// Unstage makes the file as long as it was before Stage. It must not be called after the switch.
	Unstage() error
	// Release gives room in the file back to the host that the disk does not need and an undo did. undos says that others
	// are left: they need the references of the present disk, so no cluster moves. kept are the runs of the container that
	// they need besides, and there may be none.
	Release(undos bool, kept []Part) error
}

// Next is the content that a disk is to have.
type Next struct {
	Size int64 // in bytes
	// Pieces yields the disk in order and without gaps, [0, Size).
	Pieces iter.Seq[Piece]
	// Content reads the disk. It may read the target, which shows its old content until the switch.
	Content io.ReaderAt
	Verify  bool // read new content back before the switch
	// Mend writes all counts and marks of the format anew, as its references are. Without it an image with errors is
	// refused, and leaks stay.
	Mend bool
	// Reserved says what is allocated for parts of the disk, whatever they hold. They do not overlap.
	Reserved []Reserved
	// DropBitmaps agrees to the loss of persistent bitmaps. Without it an image that has some is refused.
	DropBitmaps bool
	// Kept are runs of the container that undos need: they are not written to, whatever the format says of them.
	Kept []Part
	// Snapshot edits a snapshot. Size and Pieces must keep the disk as it is.
	Snapshot SnapshotEdit
	// Backing gives the image another backing file; nil keeps the present one. Size and Pieces must keep the disk.
	Backing *NewBacking
}

// A PieceKind says where the bytes of a piece come from.
type PieceKind uint8

// Kinds of pieces.
const (
	Keep  PieceKind = iota // the same place of the old disk
	Move                   // Src on the old disk
	Write                  // Next.Content
	Empty                  // nowhere: zeros
	Free                   // nowhere: nobody needs them, so they may read as anything
)

// A Piece is the run [Off, Off+Len) of the new disk, in bytes.
type Piece struct {
	Off, Len int64
	Kind     PieceKind
	Src      int64
}

// Reserved is the run [Off, Off+Len) of the new disk, in bytes, and what is allocated for it in the file.
type Reserved struct {
	Off, Len int64
	How      model.Prealloc
}

// A Switch is one write that makes the disk another one, and the write that takes it back.
type Switch struct {
	Off           int64 // in the container
	Before, After []byte
	Freed         []Part // runs of the container that an undo needs and that a writer of the new disk may overwrite
	Placed        []Part // runs of the container that the new disk got, in order; an undo makes them free
	Cost          SwitchCost
}

// SwitchCost is what a change of a Switching target takes, in bytes.
type SwitchCost struct {
	Remapped int64 // moves without being copied
	Copied   int64 // new content, and what moves but is not aligned
	Shown    int64 // moves and came from a backing file, so it is copied
	Tables   int64 // the format's own tables
	Longer   int64 // by which the file grows, without holes
	Reserved int64 // that get room on the host although nothing is written there
	Freed    int64 // of clusters that an undo needs and the new disk does not
}
