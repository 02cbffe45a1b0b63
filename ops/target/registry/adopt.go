package registry

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"shunt/ops/target"
	"shunt/ops/target/block"
	"shunt/ops/target/internal/kernel"
)

// Adopt makes a Target of files that another process's Files handed over; path and opts are those of its Target. This one
// owns the files from then on, and closes them also if Adopt fails. Programs started later do not inherit them: a tool that
// outlives its task must not keep the image locked.
func Adopt(path string, opts target.Options, files []*os.File) (target.Target, error) {
	for _, f := range files {
		unix.CloseOnExec(int(f.Fd()))
	}
	t, err := adopt(path, opts, files)
	if err != nil {
		for _, f := range files {
			_ = f.Close() // the reason why there is nothing to adopt says more
		}
		return nil, err
	}
	return t, nil
}

func adopt(path string, opts target.Options, files []*os.File) (target.Target, error) {
	c, opts, err := candidate(path, opts)
	if err == nil && len(files) == 0 {
		err = errors.New("got no files")
	}
	if err == nil {
		c.File = files[0]
		c.Info, err = c.File.Stat()
	}
	if err != nil {
		return nil, fmt.Errorf("take over %s: %w", path, kernel.Cause(err))
	}
	if kernel.IsBlock(c.Info) {
		return block.Driver().Adopt(c, opts, files)
	}
	f, err := recognise(path, c.File, c.Info.Size())
	switch {
	case err != nil:
		return nil, err
	case f.driver == nil:
		return nil, f.refusal(path)
	}
	return f.driver().Adopt(c, opts, files)
}
