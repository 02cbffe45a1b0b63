package attach

import (
	"errors"
	"os"

	"shunt/model"
	"shunt/ops/partfs"
	"shunt/ops/target"
)

// A Place is a directory at which the files of a partition are to be shown.
type Place struct {
	target.Served
	Made bool // the directory was made for it
	at   spot
}

// FindPlace returns the directory for a partition of the target at path: wish, or a new one if wish is "". It must be closed.
func FindPlace(path string, p Source, w MountOptions) (*Place, error) {
	at, err := directory(path, p, w.Dir)
	if err != nil {
		return nil, err
	}
	s := target.Served{Image: path, Number: p.Part.Number, Dir: at.path, ReadOnly: w.Access == model.ReadOnly}
	return &Place{Served: s, Made: at.made, at: at}, nil
}

// Connect mounts there and returns the connection. See partfs.Connect.
func (p *Place) Connect() (*os.File, error) {
	return partfs.Connect(p.at.File, p.Dir, p.Source(), p.ReadOnly)
}

// Answers waits until the files are shown. It fails if the program that shows them has ended.
func (p *Place) Answers() error {
	_, err := os.Stat(p.Dir)
	return err
}

// GiveUp closes the place and removes what was made for it.
func (p *Place) GiveUp() error {
	err := p.Close()
	if p.Made {
		removeSpot(p.Dir)
	}
	return err
}

// Close closes the place, and leaves it as it is.
func (p *Place) Close() error {
	if p.at.File == nil {
		return nil
	}
	err := p.at.Close()
	p.at.File = nil
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
