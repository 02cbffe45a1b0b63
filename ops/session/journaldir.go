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

// checkNames returns an error if the target has hard links elsewhere, because its journal may lie beside one of them. If
// a journal was found, it is the right one and nothing can be missed.
func (s *Session) checkNames() error {
	if hasJournal(s.dir) {
		return nil
	}
	beside := s.target.Place().Beside
	why := registry.Elsewhere(beside)
	if why == "" {
		return nil
	}
	return fmt.Errorf("%s %s, so a journal beside another name would not be found, and edits change the file under all names: "+
		"open it by the name under which it was edited before, or edit a copy; `%s` makes one", s.path, why,
		safetext.Command("cp", "--sparse=always", beside, beside+".copy"))
}

func targetOptions(o Options, mode target.Mode) target.Options {
	return target.Options{Mode: mode, SectorSize: o.SectorSize, Format: o.Format, NoLock: o.NoLock, AllowDisks: o.AllowDisks}
}

// hasJournal reports whether a journal is in a directory.
func hasJournal(dir *journal.Dir) bool { return !dir.LastWritten().IsZero() }

// openDir opens the directory for the journal of a target. If there is a journal beside another name of the same file, it
// opens that directory.
func openDir(place target.Place, o Options) (*journal.Dir, error) {
	dir, err := openNamed(place, o)
	if err != nil || hasJournal(dir) {
		return dir, err
	}
	for _, other := range registry.Siblings(place.Beside) {
		place.Beside = other
		d, err := openNamed(place, o)
		if err != nil {
			return nil, errors.Join(err, dir.Close())
		}
		if hasJournal(d) {
			return d, dir.Close()
		}
		if err := d.Close(); err != nil {
			return nil, errors.Join(err, dir.Close())
		}
	}
	return dir, nil
}

// withDir calls do with the directory for the journal of a target.
func withDir(place target.Place, o Options, do func(*journal.Dir) error) error {
	dir, err := openDir(place, o)
	if err != nil {
		return err
	}
	return errors.Join(do(dir), dir.Close())
}

// openNamed opens the directory for the journal of a target by the target's own name, without looking at other names.
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

// makeStateDir makes the directory that holds the journals of devices, if the target is a device and it is missing.
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
