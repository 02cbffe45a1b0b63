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

// noUndo says why the last transaction cannot be undone. It is a file in the journal's directory.
type noUndo struct {
	Grown []int `json:"grown"` // the numbers of the partitions whose file systems grew while mounted
}

const (
	maxNoUndo = 64 << 10 // bytes in the file
	maxNumber = 1 << 20  // of a partition; no table has more
)

// decodeNoUndo reads what storeNoUndo wrote, and nothing else.
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

// storeNoUndo stores that file systems grew while mounted in the commit that just ended, in partitions with these numbers.
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

// Undoable returns the transaction that was applied last and can be undone, or the reason why there is none.
func Undoable(dir *journal.Dir) (report.Applied, error) {
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
	return a, tried.Errorf("%w: in the last one %s grew while mounted, and what the kernel did to a file system in use cannot be taken back",
		err, strings.Join(refs, ", "))
}
