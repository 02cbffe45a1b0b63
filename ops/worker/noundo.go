package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/txn"
)

// noUndo says why the last transaction cannot be undone. It is stored in a file in the journal's directory.
type noUndo struct {
	Grown []int `json:"grown"` // the numbers of the partitions whose file systems grew while mounted
}

const (
	maxNoUndo = 64 << 10 // the longest such file, in bytes
	maxNumber = 1 << 20  // the highest partition number; no table has more
)

// decodeNoUndo decodes text from storeNoUndo. It fails if storeNoUndo cannot have written it.
func decodeNoUndo(text []byte) (n noUndo, err error) {
	if err := decodeStrict(text, &n); err != nil {
		return n, err
	}
	if len(n.Grown) == 0 {
		return n, errors.New("it names no partition")
	}
	for _, number := range n.Grown {
		if number < 1 || number > maxNumber {
			return n, errors.New("no such partition")
		}
	}
	return n, nil
}

// storeNoUndo stores the numbers of the partitions whose file systems grew while mounted, in the commit that just ended.
// It removes the file if there are none.
func storeNoUndo(dir *journal.Dir, grown []int) error {
	if len(grown) == 0 {
		return errors.Join(dir.Remove(journal.NoUndoName), dir.RemoveIfEmpty())
	}
	text, err := json.Marshal(noUndo{Grown: grown})
	if err != nil {
		return err
	}
	return store(dir, journal.NoUndoName, text)
}

// Undoable returns the transactions that can be undone, the newest first. The error says why there is none.
func Undoable(dir Rooms) ([]report.Applied, error) {
	a, err := txn.Undoable(dir)
	if !errors.Is(err, txn.ErrNoUndo) {
		return a, err
	}
	text, unread := dir.ReadAll(journal.NoUndoName, maxNoUndo)
	if unread != nil {
		return a, err
	}
	why, invalid := decodeNoUndo(text)
	if invalid != nil {
		return a, err
	}
	var refs []string
	for _, number := range why.Grown {
		refs = append(refs, fmt.Sprintf("p%d", number))
	}
	return a, tried.Errorf("%w: in the last one %s grew while mounted, and a file system that has grown in use cannot be put back",
		err, strings.Join(refs, ", "))
}
