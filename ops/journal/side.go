package journal

import (
	"errors"
	"io/fs"
)

// secondSide is what the names of the second side's files end in.
const secondSide = ".2"

// side is a Store whose files bear other names, so that a directory has room for two transactions.
type side struct{ Store }

func (s side) Create(name string) (File, error) { return s.Store.Create(name + secondSide) }
func (s side) Open(name string) (File, error)   { return s.Store.Open(name + secondSide) }
func (s side) Remove(name string) error         { return s.Store.Remove(name + secondSide) }

// Sides are the two places for a transaction in a directory. While one holds a transaction that can be undone, the next
// one is prepared on the other; once that is committed, the first one is removed. So the undo is there until it is
// replaced, and a rehearsal that leads to nothing costs nothing.
func Sides(store Store) [2]Store { return [2]Store{store, side{store}} }

// Other is the side that store is not.
func Other(store Store) Store {
	if s, ok := store.(side); ok {
		return s.Store
	}
	return side{store}
}

// Exists reports whether a side has anything of that name.
func Exists(store Store, name string) (bool, error) {
	f, err := store.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case errors.As(err, new(*UnsafeError)):
		return true, nil // whatever it is
	case err != nil:
		return false, err
	}
	return true, f.Close()
}
