package journal

import (
	"cmp"
	"fmt"
	"os/user"
	"strconv"

	"golang.org/x/sys/unix"
)

// UnsafeError is returned for a journal's directory, or a file in it, that somebody could have put there to make shunt
// read, write or remove something else. Nothing of it was read or changed.
type UnsafeError struct {
	Path   string // for people
	Reason Reason
	Owner  uint32 // with ForeignOwner
	Kind   uint32 // with WrongKind: the file type found, a value of unix.S_IFMT
	Mode   uint32 // with OpenToOthers: the permission bits
}

// Reason is why something is not safe.
type Reason int

// The reasons.
const (
	ForeignOwner   Reason = iota + 1 // it belongs to a user with no say about the target
	WrongKind                        // it is no directory, or no file
	OpenToOthers                     // others may write to it
	MoreNames                        // a file has another name elsewhere
	OtherMount                       // something is mounted there
	OtherDirectory                   // the parent does not hold the target
	Replaced                         // it is another one than before
	NotOurs                          // it holds what no journal's directory holds
)

// reasons are what each reason says, and what can be done about it.
var reasons = [...]struct{ found, advice string }{
	ForeignOwner: {"belongs to another user, ", "if an interrupted transaction may be in it, run shunt as that user; " +
		"otherwise have it removed, or choose another directory with --journal"},
	WrongKind: {"is ", whoPutIt},
	OpenToOthers: {"can be written to by others ", "take the right to write from all but its owner " +
		"if you trust what is in it, or choose another directory with --journal"},
	MoreNames:      {"has a second name elsewhere (a hard link)", whoPutIt},
	OtherMount:     {"is a mount point", "unmount it, or choose another directory with --journal"},
	OtherDirectory: {"is not the directory any more that the target was opened in", whoMovedIt},
	Replaced:       {"was replaced by somebody else meanwhile", whoMovedIt},
	NotOurs:        {"holds files that are not of shunt", whoPutIt},
}

const (
	whoPutIt   = "find out who put it there and move it away, or choose another directory with --journal"
	whoMovedIt = "find out who moved it, then open the target again"
)

func (e *UnsafeError) Error() string {
	return e.What() + ": it is neither read nor changed, and the target stays as it is; " + reasons[e.Reason].advice
}

// What says what was found, in a few words.
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

// ownerName is a user's name, if it is known, and number.
func ownerName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil && u.Username != "" {
		return u.Username + " (" + id + ")"
	}
	return id
}

// kindName is the type of a directory's entry in words.
func kindName(kind uint32) string {
	names := map[uint32]string{
		unix.S_IFDIR: "a directory", unix.S_IFREG: "a file", unix.S_IFLNK: "a symbolic link", unix.S_IFIFO: "a pipe",
		unix.S_IFSOCK: "a socket", unix.S_IFCHR: "a device", unix.S_IFBLK: "a device",
	}
	return cmp.Or(names[kind], "of an unknown kind")
}
