package session

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"shunt/ops/journal"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/txn"
	"shunt/ops/worker"
)

// A Displaced is a file whose name another file is about to take. Nobody else can use it until Close.
type Displaced struct {
	claim io.Closer
	place target.Place
	opts  Options
	alone bool // the file has no other name, so its undo serves nobody when the name is taken
}

// Displace claims the regular file at path, whatever it holds, so that another can take its name. It fails if the file is in
// use, is read-only or has an unfinished transaction. Errors are those of registry.Open with the mode Edit.
func Displace(path string, o Options) (*Displaced, error) {
	claim, place, err := registry.Claim(path, targetOptions(o, target.Edit))
	if err != nil {
		return nil, err
	}
	d := &Displaced{claim: claim, place: place, opts: o, alone: registry.Elsewhere(place.Beside) == "" && len(registry.Siblings(place.Beside)) == 0}
	if err := RequireFinished(place, path, o); err != nil {
		return nil, errors.Join(err, claim.Close())
	}
	return d, nil
}

// Vacant fails if beside the name of a file that does not exist there is the journal of an unfinished transaction. It would
// be taken for that of a new file with this name. path has no symbolic links.
func Vacant(path string, o Options) error {
	return RequireFinished(target.Place{Beside: path}, path, o)
}

// FinishedAt fails as RequireFinished does, for the target at path.
func FinishedAt(path string, o Options) error {
	place, err := registry.FindPlace(path)
	if err != nil {
		return err
	}
	return RequireFinished(place, path, o)
}

// RequireFinished fails if the journal of a target is that of an unfinished transaction, or cannot be read.
func RequireFinished(place target.Place, path string, o Options) error {
	return withDir(place, o, func(dir *journal.Dir) error {
		switch left, err := txn.Inspect(dir); {
		case errors.Is(err, journal.ErrNone):
			return nil
		case err != nil:
			return fmt.Errorf("the journal in %s cannot be used: %w; nothing was changed", dir.Path(), err)
		case place.Image == nil:
			return fmt.Errorf("%s holds an unfinished transaction of a file that is gone: put that file back, or remove the directory", dir.Path())
		default:
			return fmt.Errorf("%s: %w (%s)", path, txn.ErrUnfinished, o.Call(path).WaysOn(left.Ways()))
		}
	})
}

// Forget removes what was kept to undo the last transaction of the file. It must be called only when another file has the
// name: the undo would never fit that one. A file with further names keeps its undo.
func (d *Displaced) Forget() error {
	if !d.alone {
		return nil
	}
	o := d.opts
	if o.Journal == "" {
		o.Journal = filepath.Dir(d.place.Beside) // named so, the directory is found although the image is gone
	}
	dir, err := openNamed(d.place, o)
	if err != nil {
		return err
	}
	if hasJournal(dir) {
		for _, side := range journal.Sides(dir) {
			err = errors.Join(err, journal.Remove(side))
		}
		err = errors.Join(err, worker.Sweep(dir))
	}
	return errors.Join(err, dir.Close())
}

// Path returns the path of the file, without symbolic links.
func (d *Displaced) Path() string { return filepath.Clean(d.place.Beside) }

// Close ends the claim.
func (d *Displaced) Close() error { return d.claim.Close() }
