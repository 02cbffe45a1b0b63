package journal

import (
	"fmt"
	"os/user"
	"strconv"

	"golang.org/x/sys/unix"
)

// UnsafeError is returned for a journal's directory, or a file in it, that somebody could have put there to have
// something else read, written or removed. Nothing of it was read or changed.
type UnsafeError struct {
	Path   string // for people
	Reason Reason
	Owner  uint32 // with ForeignOwner
	Kind   uint32 // with WrongKind: the type of what is there, of unix.S_IFMT
	Mode   uint32 // with OpenToOthers: the permission bits
}

// Reason is why something is not safe.
type Reason int

// The reasons.
const (
	ForeignOwner   Reason = iota + 1 // it belongs to somebody who has no say about the target
	WrongKind                        // it is no directory, or no file
	OpenToOthers                     // others may write to it
	MoreNames                        // a file has another name elsewhere
	OtherMount                       // something is mounted there
	OtherDirectory                   // the parent does not hold the target
	Replaced                         // it is another one than before
	NotOurs                          // it holds what no journal's directory holds
)

func (e *UnsafeError) Error() string {
	return fmt.Sprintf("%s: it is neither read nor changed, and the target stays as it is; %s", e.What(), e.todo())
}

// What is what was found, in a few words.
func (e *UnsafeError) What() string {
	what := ""
	switch e.Reason {
	case ForeignOwner:
		what = "belongs to " + ownerName(e.Owner)
	case WrongKind:
		what = "is " + kindName(e.Kind)
	case OpenToOthers:
		what = fmt.Sprintf("can be written to by others (mode %04o)", e.Mode)
	case MoreNames:
		what = "has a second name elsewhere (a hard link)"
	case OtherMount:
		what = "is a mount point"
	case OtherDirectory:
		what = "is not the directory any more that the target was opened in"
	case Replaced:
		what = "was replaced by somebody else meanwhile"
	case NotOurs:
		what = "holds files that are not of shunt"
	}
	return e.Path + " " + what
}

// todo is what can be done about it.
func (e *UnsafeError) todo() string {
	switch e.Reason {
	case ForeignOwner:
		return "if an interrupted transaction may be in it, run shunt as that user; otherwise have it removed, or choose another directory with --journal"
	case OpenToOthers:
		return "take the right to write from all but its owner if you trust what is in it, or choose another directory with --journal"
	case MoreNames, WrongKind, NotOurs:
		return "find out who put it there and move it away, or choose another directory with --journal"
	case OtherMount:
		return "unmount it, or choose another directory with --journal"
	case OtherDirectory, Replaced:
		return "find out who moved it, then open the target again"
	}
	return "choose another directory with --journal"
}

// ownerName is a user in words.
func ownerName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil && u.Username != "" {
		return fmt.Sprintf("another user, %s (%s)", u.Username, id)
	}
	return "another user (" + id + ")"
}

// kindName is the type of a directory's entry in words.
func kindName(kind uint32) string {
	switch kind {
	case unix.S_IFDIR:
		return "a directory"
	case unix.S_IFREG:
		return "a file"
	case unix.S_IFLNK:
		return "a symbolic link"
	case unix.S_IFIFO:
		return "a pipe"
	case unix.S_IFSOCK:
		return "a socket"
	case unix.S_IFCHR, unix.S_IFBLK:
		return "a device"
	}
	return "of an unknown kind"
}
