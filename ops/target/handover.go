package target

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Files are the open files that carry the locks, for the ExtraFiles of a child process. A child that got them holds the
// locks too: they stay until both have closed them or ended, in any order. They still belong to r.
func (r *Raw) Files() []*os.File { return []*os.File{r.read} }

// Adopt makes a Raw of files that another process's Files handed over; path and opts are those of its Raw. The Raw owns
// the files from then on, and closes them also if Adopt fails. Programs started later do not inherit them: a tool that
// outlives its task must not keep the image locked.
func Adopt(path string, opts Options, files []*os.File) (*Raw, error) {
	for _, f := range files {
		unix.CloseOnExec(int(f.Fd()))
	}
	r, err := adopt(path, opts, files)
	if err != nil {
		for _, f := range files {
			_ = f.Close() // the reason why there is nothing to adopt says more
		}
		return nil, err
	}
	return r, nil
}

func adopt(path string, opts Options, files []*os.File) (*Raw, error) {
	if len(files) != 1 {
		return nil, fmt.Errorf("take over %s: got %d files instead of 1", path, len(files))
	}
	z, err := opts.sector()
	if err != nil {
		return nil, fmt.Errorf("take over %s: %w", path, err)
	}
	resolved, err := realPath(path)
	if err != nil {
		return nil, fmt.Errorf("take over %s: %w", path, err)
	}
	r, err := build(path, resolved, files[0], opts.Mode, z)
	if err != nil {
		return nil, err
	}
	if err := r.inPlace(); err != nil {
		return nil, err
	}
	// The same open file description holds them already, so this fails only if something is wrong with the handover.
	if opts.Mode == Edit && !opts.NoLock {
		if err := takeLocks(r.read, opts.Mode); err != nil {
			return nil, r.lockRefusal(err)
		}
	}
	return r, nil
}
