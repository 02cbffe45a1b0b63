package testdisk

// OpKind is a kind of operation that can be made to fail.
type OpKind string

// The kinds of operations.
const (
	OpRead     OpKind = "read"
	OpWrite    OpKind = "write"
	OpSync     OpKind = "sync"
	OpPunch    OpKind = "punch"
	OpCopy     OpKind = "copy"
	OpTruncate OpKind = "truncate"
	OpCreate   OpKind = "create"
	OpOpen     OpKind = "open"
	OpRemove   OpKind = "remove"
	OpSyncDir  OpKind = "syncdir"
	OpMap      OpKind = "map" // finding data and holes
)

// Fault makes one operation fail. Hits says whether it did.
type Fault struct {
	At   int // counted from 0 over the operations for which Kinds holds
	Err  error
	Kind OpKind // only this kind; "" for every kind
	// Sticky makes all later operations of the kind fail too, as on a disk that is full.
	Sticky bool
	seen   int
	Hits   int
	What   string // the first operation that was hit
	// Changes counts what was written to the target after the first hit.
	Changes int
}

// Inject arms a fault on the machine.
func (m *Machine) Inject(f *Fault) { m.fault = f }

// hit counts an operation and says whether it fails.
func (f *Fault) hit(kind OpKind, what string) error {
	if f == nil || (f.Kind != "" && f.Kind != kind) {
		return nil
	}
	at := f.seen
	f.seen++
	if at == f.At || (f.Sticky && at > f.At) {
		f.Hits++
		if f.What == "" {
			f.What = what
		}
		return f.Err
	}
	return nil
}
