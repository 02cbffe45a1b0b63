package target

import (
	"io"
	"time"

	"shunt/model"
)

// A Layered target has a format that can keep earlier states of its disk, and show another file where it has no data.
type Layered interface {
	Target

	// Snapshots lists the states that the image keeps. The names are as stored, so they can have any characters.
	Snapshots() []model.ImageSnapshot
	// Snapshot returns the disk as the snapshot with an ID keeps it, and its length in bytes. The reader is valid until the
	// next Refresh.
	Snapshot(id string) (disk io.ReaderAt, n int64, err error)
	// NoSnapshot says why no snapshot can be made, or is "".
	NoSnapshot() model.Reason
	// Backing returns the path of the backing file and its format, or "" without one.
	Backing() (path, format string)
	// Layer returns which of the backing files the file with this identity is, counted from 0 for the nearest. It returns
	// -1 if it is none of them.
	Layer(file Identity) int
	// Own finds the next run [start, end) of the disk at or after off that does not come from the backing file. If there is
	// none, start and end are both Size().
	Own(off int64) (start, end int64, err error)
}

// A Rebased target can get back a backing file that a switch has taken from it.
type Rebased interface {
	Switching

	// BackWith fails if the image, with the first sector that it had before a transaction, would show another backing file
	// than now, and that one is gone or was changed since the transaction began. It writes nothing.
	BackWith(sector []byte, since time.Time) error
}

// A SnapshotVerb says what to do with a snapshot.
type SnapshotVerb uint8

// What can be done with snapshots.
const (
	NoSnapshot     SnapshotVerb = iota
	CreateSnapshot              // keep the disk as it is now
	ApplySnapshot               // make the disk what the snapshot keeps; what it shows now is lost
	DeleteSnapshot              // give back what only the snapshot needs
)

// A SnapshotEdit is an edit of one snapshot. The zero value is none.
type SnapshotEdit struct {
	Do   SnapshotVerb
	Name string // of the new one
	ID   string // of the present one
	Made time.Time
}

// A NewBacking is the backing file that an image is to have. The disk stays the same: what the new one shows otherwise is
// copied into the image.
type NewBacking struct {
	Name   string // as the image records it, "" for none
	Format string
	Disk   Device // what the file shows, nil for none
}
