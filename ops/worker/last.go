package worker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"shunt/ops/journal"
	"shunt/ops/plan"
	"shunt/ops/report"
)

// lastName is the file a worker leaves its result in when nobody was there to hear it, in the journal's directory.
const lastName = journal.ResultName

// mostLast is how long the file may be, in bytes. A longer log loses its beginning.
const mostLast = 1 << 20

// encodeLast is the result as it is kept.
func encodeLast(l report.Last) ([]byte, error) {
	text, err := json.Marshal(l)
	for err == nil && len(text) > mostLast {
		if l.Result.Log == "" {
			return nil, fmt.Errorf("it takes %d bytes", len(text))
		}
		// What is escaped takes more bytes than it has: half of it goes, until the rest fits.
		l.Result.Log = strings.ToValidUTF8(l.Result.Log[(len(l.Result.Log)+1)/2:], "")
		text, err = json.Marshal(l)
	}
	return text, err
}

// decodeLast reads what encodeLast wrote, and nothing else.
func decodeLast(text []byte) (report.Last, error) {
	var l report.Last
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&l); err != nil {
		return report.Last{}, err
	}
	if _, err := in.Token(); err != io.EOF {
		return report.Last{}, errors.New("something follows the result")
	}
	switch l.Task {
	case report.Apply, report.Finish, report.RollBack, report.Undo:
	case report.Look: // leaves nothing
		fallthrough
	default:
		return report.Last{}, errors.New("no such task")
	}
	switch l.Result.Outcome {
	case report.Unchanged, report.Done, report.RolledBack, report.Interrupted:
		return l, nil
	}
	return report.Last{}, errors.New("no such outcome")
}

// LeaveLast keeps a result for the next start of shunt, durably. The caller holds the target's lock.
func LeaveLast(dir *journal.Dir, last report.Last) error {
	text, err := encodeLast(last)
	if err != nil {
		return fmt.Errorf("leave the result: %w", err)
	}
	if err := leave(dir, lastName, text); err != nil {
		return fmt.Errorf("leave the result: %w", err)
	}
	return nil
}

// leave writes a file anew, durably.
func leave(dir *journal.Dir, name string, text []byte) error {
	f, err := dir.Create(name)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(text, 0)
	return errors.Join(err, f.Sync(), f.Close(), dir.SyncDir())
}

// TakeLast is the result that was left, or nil, and removes it. The caller holds the target's lock. One that cannot
// be read was cut off by a crash: what the target and its journal look like tells the same.
func TakeLast(dir *journal.Dir) *report.Last {
	text, err := dir.ReadAll(lastName, mostLast)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var last report.Last
	if err == nil {
		last, err = decodeLast(text)
	}
	// A result that cannot be removed is told again next time, which does no harm.
	_ = errors.Join(dir.Remove(lastName), dir.RemoveIfEmpty())
	if err != nil {
		return nil
	}
	last.Plan = plan.Kept(last.Plan)
	return &last
}
