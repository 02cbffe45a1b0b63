package worker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/txn"
)

// noUndoName is the file that says why the last transaction cannot be undone, in the journal's directory.
const noUndoName = journal.NoUndoName

// noUndo is what the file says.
type noUndo struct {
	Grown []int `json:"grown"` // the numbers of the partitions whose file systems grew while mounted
}

// What the file may hold.
const (
	mostNoUndo = 64 << 10 // bytes
	mostNumber = 1 << 20  // of a partition; more than any table has
)

// decodeNoUndo reads what noteNoUndo wrote, and nothing else.
func decodeNoUndo(text []byte) (noUndo, error) {
	var n noUndo
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&n); err != nil {
		return noUndo{}, err
	}
	if _, err := in.Token(); err != io.EOF || len(n.Grown) == 0 {
		return noUndo{}, errors.New("it says something else")
	}
	for _, number := range n.Grown {
		if number < 1 || number > mostNumber {
			return noUndo{}, errors.New("no such partition")
		}
	}
	return n, nil
}

// noteNoUndo leaves word why what was committed last cannot be undone, or removes it if that is not so. grown are the numbers
// of the partitions whose file systems grew while mounted.
func noteNoUndo(dir *journal.Dir, grown []int) error {
	if len(grown) == 0 {
		return errors.Join(dir.Remove(noUndoName), dir.RemoveIfEmpty())
	}
	text, err := json.Marshal(noUndo{Grown: grown})
	if err != nil {
		return err
	}
	return leave(dir, noUndoName, text)
}

// Undoable is the transaction that was applied last and can be undone, or the reason why there is none.
func Undoable(dir *journal.Dir) (report.Applied, error) {
	a, err := txn.Undoable(dir)
	if !errors.Is(err, txn.ErrNoUndo) {
		return a, err
	}
	text, lost := dir.ReadAll(noUndoName, mostNoUndo)
	if lost != nil {
		return a, err
	}
	why, lost := decodeNoUndo(text)
	if lost != nil {
		return a, err
	}
	refs := make([]string, 0, len(why.Grown))
	for _, number := range why.Grown {
		refs = append(refs, fmt.Sprintf("p%d", number))
	}
	return a, tried.Errorf("%w: in the last one %s grew while mounted, and what the kernel did to a file system in use cannot be taken back", err, strings.Join(refs, ", "))
}
