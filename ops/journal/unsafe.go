package journal

import (
	"cmp"
	"fmt"
	"os/user"
	"strconv"

	"golang.org/x/sys/unix"
)

// UnsafeError is returned for a journal's directory, or a file in it, that somebody could have put there to make shunt
// read, write or remove something else. It was neither read nor changed.
type UnsafeError struct {
	Path   string // for messages
	Reason Reason
	Owner  uint32 // with ForeignOwner
	Kind   uint32 // with WrongKind: the file type found, a value of unix.S_IFMT
	Mode   uint32 // with OpenToOthers: the permission bits
}

// Reason says why something is not safe.
type Reason int

// The reasons.
const (
	ForeignOwner   Reason = iota + 1 // it belongs to a user who does not own the target
	WrongKind                        // it is not a directory, or not a regular file
	OpenToOthers                     // others may write to it
	MoreNames                        // the file has a second name elsewhere
	OtherMount                       // something is mounted there
	OtherDirectory                   // the parent does not hold the target
	Replaced                         // it is not the one that was there before
	NotOurs                          // it holds files that shunt never puts there
)

// reasons holds a description of each reason, and what the user can do about it.
var reasons = [...]struct{ found, advice string }{
	ForeignOwner: {"belongs to another user, ", "if an interrupted transaction may be in it, run shunt as that user; " +
		"otherwise have it removed, or choose another directory with --journal"},
	WrongKind: {"is ", whoPutIt},
	OpenToOthers: {"can be written to by others ", "if you trust its contents, let only its owner write to it " +
		"(chmod go-w); otherwise choose another directory with --journal"},
	MoreNames:      {"has a second name elsewhere (a hard link)", whoPutIt},
	OtherMount:     {"is a mount point", "unmount it, or choose another directory with --journal"},
	OtherDirectory: {"is no longer the directory in which the target was opened", whoMovedIt},
	Replaced:       {"was replaced by somebody else meanwhile", whoMovedIt},
	NotOurs:        {"holds files that shunt did not make", whoPutIt},
}

const (
	whoPutIt   = "find out who put it there and move it away, or choose another directory with --journal"
	whoMovedIt = "find out who moved it, then open the target again"
)

func (e *UnsafeError) Error() string {
	return e.What() + ": it is neither read nor changed, and the target stays as it is; " + reasons[e.Reason].advice
}

// What describes what was found, in a few words.
func (e *UnsafeError) What() string {
	what := e.Path + " " + reasons[e.Reason].found
	switch e.Reason {
	case ForeignOwner:
		what += ownerName(e.Owner)
	case WrongKind:
		what += kindName(e.Kind)
	case OpenToOthers:
		what += fmt.Sprintf("(mode %04o)", e.Mode)
	case MoreNames, OtherMount, OtherDirectory, Replaced, NotOurs:
	}
	return what
}

// ownerName returns a user's number, with the name before it if that is known.
func ownerName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil && u.Username != "" {
		return u.Username + " (" + id + ")"
	}
	return id
}

// kindName names a file type.
func kindName(kind uint32) string {
	names := map[uint32]string{
		unix.S_IFDIR: "a directory", unix.S_IFREG: "a file", unix.S_IFLNK: "a symbolic link", unix.S_IFIFO: "a pipe",
		unix.S_IFSOCK: "a socket", unix.S_IFCHR: "a device", unix.S_IFBLK: "a device",
	}
	return cmp.Or(names[kind], "of an unknown kind")
}
