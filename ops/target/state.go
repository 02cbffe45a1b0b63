package target

// State is what the host tells of a file by which a change of it shows, whoever makes it. The zero State says that nobody
// keeps account. Two values can be compared with ==.
//
// Modified can be put back by whoever may write to the file. Changed cannot, but changes for other reasons too: another
// mode, another name. The cookie that statx(2) counts changes with is none of this: kernels keep it to themselves.
type State struct {
	Modified int64 // contents, in nanoseconds since 1970
	Changed  int64 // contents or attributes, likewise
	Born     int64 // likewise, 0 where it is not known
	Inode    uint64
}

// Known reports whether anybody keeps account.
func (s State) Known() bool { return s != State{} }
