package session

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"shunt/model/safetext"
	"shunt/model/tried"
	"shunt/ops/journal"
	"shunt/ops/target"
	"shunt/ops/target/registry"
)

// checkNames refuses a target with other names, because its journal may lie beside one of those. A journal that is found is
// the target's.
func (s *Session) checkNames() error {
	if holds(s.dir) {
		return nil
	}
	beside := s.target.Place().Beside
	why := registry.Elsewhere(beside)
	if why == "" {
		return nil
	}
	return fmt.Errorf("%s %s, so a journal beside it there would not be found, and what is written here shows there too: "+
		"open it by the name where it was edited, or edit a copy; `%s` makes one", s.path, why,
		safetext.Command("cp", "--sparse=always", beside, beside+".copy"))
}

func targetOptions(o Options, mode target.Mode) target.Options {
	return target.Options{Mode: mode, SectorSize: o.SectorSize, NoLock: o.NoLock, AllowDisks: o.AllowDisks}
}

// holds reports whether a journal is in a directory.
func holds(dir *journal.Dir) bool { return !dir.LastWritten().IsZero() }

// openDir opens the journal's directory of a target at a place. If a journal lies beside another name of the same file, it
// opens that one.
func openDir(place target.Place, o Options) (*journal.Dir, error) {
	dir, err := openNamed(place, o)
	if err != nil || holds(dir) {
		return dir, err
	}
	for _, other := range registry.Siblings(place.Beside) {
		place.Beside = other
		d, err := openNamed(place, o)
		if err != nil {
			return nil, errors.Join(err, dir.Close())
		}
		if holds(d) {
			return d, dir.Close()
		}
		if err := d.Close(); err != nil {
			return nil, errors.Join(err, dir.Close())
		}
	}
	return dir, nil
}

// withDir calls do with the journal's directory of a target at a place.
func withDir(place target.Place, o Options, do func(*journal.Dir) error) error {
	dir, err := openDir(place, o)
	if err != nil {
		return err
	}
	return errors.Join(do(dir), dir.Close())
}

// openNamed opens the directory that belongs to the name of a place.
func openNamed(place target.Place, o Options) (*journal.Dir, error) {
	p := journal.Location{Parent: o.Journal, Name: registry.KeptName(filepath.Base(place.Beside))}
	if i := place.Image; i != nil {
		p.Image = &journal.Image{Dev: i.Dev, Ino: i.Inode, Owner: journal.User{UID: i.UID, GID: i.GID}}
	}
	if p.Parent == "" {
		p.Parent = filepath.Dir(place.Beside)
		if p.Image != nil {
			p.Beside = filepath.Base(place.Beside)
		}
	}
	return journal.OpenDir(p)
}

// makeStateDir makes the parent of the journal's directory, which may be missing for devices.
func (s *Session) makeStateDir() error {
	if s.opts.Journal != "" || s.target.Place().Image != nil {
		return nil
	}
	parent := filepath.Dir(s.dir.Path())
	if _, err := os.Stat(parent); err == nil {
		return nil
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return tried.Errorf("make the directory for journals of devices: %w; choose another one with --journal", err)
	}
	above, err := os.Open(filepath.Dir(parent))
	if err != nil {
		return tried.Errorf("make the directory for journals of devices: %w", err)
	}
	return errors.Join(above.Sync(), above.Close())
}
