package worker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/plan"
	"shunt/ops/report"
)

// maxResult is the length limit of a stored result, in bytes. A log that is too long loses its beginning.
const maxResult = 1 << 20

// encodeLast returns the stored form of a result.
func encodeLast(s report.Last) ([]byte, error) {
	text, err := json.Marshal(s)
	for err == nil && len(text) > maxResult {
		if s.Result.Log == "" {
			return nil, fmt.Errorf("it takes %d bytes", len(text))
		}
		// Escapes make the log longer by an unknown factor, so half of it is cut off until the rest fits.
		s.Result.Log = strings.ToValidUTF8(s.Result.Log[(len(s.Result.Log)+1)/2:], "")
		text, err = json.Marshal(s)
	}
	return text, err
}

// decodeLast decodes text from encodeLast. It fails if encodeLast cannot have written it.
func decodeLast(text []byte) (s report.Last, err error) {
	if err := decodeStrict(text, &s); err != nil {
		return s, err
	}
	if !slices.Contains([]report.Task{report.Apply, report.Finish, report.RollBack, report.Undo}, s.Task) {
		return s, errors.New("no such task")
	}
	outcomes := []report.Outcome{report.Unchanged, report.Done, report.RolledBack, report.Interrupted}
	if !slices.Contains(outcomes, s.Result.Outcome) {
		return s, errors.New("no such outcome")
	}
	return s, nil
}

// decodeStrict decodes a single JSON value without unknown fields.
func decodeStrict(text []byte, v any) error {
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(v); err != nil {
		return err
	}
	if _, err := in.Token(); err != io.EOF {
		return errors.New("something follows the value")
	}
	return nil
}

// StoreLast durably stores a result that no peer confirmed, for the next start of shunt. The caller must hold the target's
// lock.
func StoreLast(dir *journal.Dir, result report.Last) error {
	text, err := encodeLast(result)
	if err == nil {
		err = store(dir, journal.ResultName, text)
	}
	if err != nil {
		return tried.Errorf("store the result: %w", err)
	}
	return nil
}

// store replaces a file and makes the new content durable.
func store(dir *journal.Dir, name string, text []byte) error {
	f, err := dir.Create(name)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(text, 0)
	return errors.Join(err, f.Sync(), f.Close(), dir.SyncDir())
}

// TakeLast returns the stored result, or nil, and removes it. The caller must hold the target's lock. A result that cannot
// be read was cut off by a crash. It is removed as well, since the target and its journal also show how the commit ended.
func TakeLast(dir *journal.Dir) *report.Last {
	text, err := dir.ReadAll(journal.ResultName, maxResult)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var stored report.Last
	if err == nil {
		stored, err = decodeLast(text)
	}
	// A result that cannot be removed is shown again next time, which does no harm.
	_ = errors.Join(dir.Remove(journal.ResultName), dir.RemoveIfEmpty())
	if err != nil {
		return nil
	}
	stored.Operations = plan.Sentences(stored.Plan)
	stored.Plan = plan.Kept(stored.Plan)
	return &stored
}
