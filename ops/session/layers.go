package session

import (
	"errors"

	"shunt/ops"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/worker"
)

// BackingOf returns the path of the backing file of an image, and the format that the image records for it.
func BackingOf(path string, opts Options) (backing, format string, err error) {
	t, err := registry.Open(path, targetOptions(opts, target.Inspect))
	if err != nil {
		return "", "", err
	}
	if l, ok := t.(target.Layered); ok {
		backing, format = l.Backing()
	}
	return backing, format, t.Close()
}

// other returns another image for a plan, as one that may lie below or over the target.
func (s *Session) other(path string) (ops.Other, error) {
	l, err := s.borrow(path)
	if errors.Is(err, errItself) {
		err = errors.New("that is the image itself")
	}
	if err != nil {
		return ops.Other{}, err
	}
	return worker.OtherOf(s.target, l.target, path)
}
