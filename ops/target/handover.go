package target

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Files is Target.Files.
func (r *Raw) Files() []*os.File { return []*os.File{r.read} }

// Adopt makes a Target of files that another process's Files handed over; path and opts are those of its Target. This one
// owns the files from then on, and closes them also if Adopt fails. Programs started later do not inherit them: a tool that
// outlives its task must not keep the image locked.
func Adopt(path string, opts Options, files []*os.File) (Target, error) {
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

func adopt(path string, opts Options, files []*os.File) (Target, error) {
	if len(files) == 0 {
		return nil, fmt.Errorf("take over %s: got no files", path)
	}
	z, err := opts.sector()
	if err != nil {
		return nil, fmt.Errorf("take over %s: %w", path, err)
	}
	resolved, err := realPath(path)
	if err != nil {
		return nil, fmt.Errorf("take over %s: %w", path, err)
	}
	info, err := files[0].Stat()
	if err != nil {
		return nil, fmt.Errorf("take over %s: %w", path, cause(err))
	}
	if isBlock(info) {
		b, err := adoptBlock(path, resolved, opts, files)
		if err != nil {
			return nil, err
		}
		return b, nil
	}
	if len(files) > 1 {
		return nil, fmt.Errorf("take over %s: got %d files instead of 1", path, len(files))
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
