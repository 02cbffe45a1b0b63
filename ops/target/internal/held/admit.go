package held

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/kernel"
)

// ProbeWritable fails if a commit could not write, so that the user knows before an hour of planning. It closes the
// descriptor at once: without one nothing can be written by mistake. path is for messages.
func ProbeWritable(path string, opened *os.File) error {
	f, err := Reopen(opened, os.O_RDWR)
	return errors.Join(OpenError(path, err), CloseAll(f))
}

// OpenError is the error for a file at path that the system did not open, nil for none.
func OpenError(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, target.ErrLeased), errors.Is(err, unix.EWOULDBLOCK):
		return fmt.Errorf("%s %w", path, target.ErrLeased)
	case errors.Is(err, unix.EROFS):
		return fmt.Errorf("%s %w: it is on a read-only file system; copy it to a writable one or remount that one (%w)", path, target.ErrReadOnly, unix.EROFS)
	case errors.Is(err, unix.ETXTBSY):
		return fmt.Errorf("%s %w: it is being executed or used as swap (%w)", path, target.ErrReadOnly, unix.ETXTBSY)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s cannot be opened for reading and writing: %w; run shunt as its owner or as root, or change its mode or attributes", path, tried.Cause(err))
	}
	return tried.Errorf("open %s: %w", path, tried.Cause(err))
}

// Admit locks an image file as the mode asks for, and fails if a program that ignores locks uses it. It never refuses a
// file that is only inspected: User then says who else uses it.
func (h *File) Admit(opts target.Options) error {
	if opts.Mode == target.Inspect {
		return h.inspect(opts)
	}
	if opts.Mode == target.Edit {
		if err := ProbeWritable(h.Given, h.Read); err != nil {
			return err
		}
	}
	if !opts.NoLock {
		if err := h.Lock(h.takeLocks); err != nil {
			return err
		}
	}
	shown := kernel.Wholly
	if opts.Mode == target.Hold && opts.Shown {
		shown = kernel.Partly
	}
	return Refusal(h.user(shown))
}

// user names who uses the file without a lock, nil if nobody does. It looks again for a moment before it names a process:
// one that is being started has a copy of every file that its parent has open.
func (h *File) user(shown kernel.Extent) (busy *target.InUse) {
	_ = Patiently(LockPatience, func() error {
		busy = kernel.Host().User(h.Given, h.ID(), shown, openAgain)
		if busy != nil && busy.PID != 0 {
			return ErrHeld
		}
		return nil
	}, ErrHeld)
	return busy
}

// Lock takes locks by a call of take, or returns why it cannot, with the holder's name. take fails with ErrHeld or
// ErrNoLocks as TakeLocks does. Lock waits a moment for others that started at the same time and give up when they see our
// locks. It also waits for a holder that cannot be found, which may have let go just then, and longer while any process is
// ending: a killed process leaves the list of processes before its files are closed.
func (h *File) Lock(take func() error) error {
	err := Patiently(LockPatience, take, ErrHeld)
	for waited := time.Duration(0); errors.Is(err, ErrHeld); waited += endPatience {
		// The one found now is named. At the next look it may be gone.
		holder := kernel.Host().Locker(h.Given, h.ID())
		if holder.PID != 0 || waited >= hiddenPatience && !kernel.Host().Dying() || waited >= deathPatience {
			return holder
		}
		err = Patiently(endPatience, take, ErrHeld)
	}
	return h.LockRefusal(err)
}

// takeLocks takes the locks for editing, all or none.
func (h *File) takeLocks() error {
	err := TakeLocks(h.Read, target.Edit)
	if errors.Is(err, ErrHeld) {
		err = errors.Join(err, DropLocks(h.Read))
	}
	return err
}

func (h *File) inspect(opts target.Options) error {
	if !opts.NoLock {
		if err := TakeLocks(h.Read, target.Inspect); err != nil {
			// The locks taken before the failure must not keep others off.
			if err := DropLocks(h.Read); err != nil {
				return tried.Errorf("unlock %s: %w", h.Given, err)
			}
			if !errors.Is(err, ErrNoLocks) {
				h.User = kernel.Host().Locker(h.Given, h.ID())
				return nil
			}
		}
	}
	h.User = kernel.Host().User(h.Given, h.ID(), kernel.Wholly, openAgain)
	return nil
}

// openAgain ends the advice when a target cannot be opened.
const openAgain = ", and open it again"

// Unused is Target.Unused of image files.
func (h *File) Unused() error {
	return Refusal(kernel.Host().User(h.Given, h.ID(), kernel.Wholly, " first"))
}

// Refusal is a use as an error, nil for none.
func Refusal(use *target.InUse) error {
	if use == nil {
		return nil
	}
	return use
}

// Adopted fails unless the file that another process handed over is the one at the path, with its locks.
func (h *File) Adopted(opts target.Options) error {
	if err := h.InPlace(); err != nil {
		return err
	}
	if opts.Mode != target.Edit || opts.NoLock {
		return nil
	}
	// The open file description holds the locks already, so this fails only if something went wrong with the handover.
	return h.LockRefusal(TakeLocks(h.Read, opts.Mode))
}

// How long to wait for something that others hold for moments only.
const (
	LockPatience   = 300 * time.Millisecond
	PartPatience   = time.Second
	endPatience    = time.Second
	hiddenPatience = 2 * time.Second // with a holder that no process list shows
	deathPatience  = 30 * time.Second
)

// Patiently repeats a call for as long as it fails with the passing error, up to the patience.
func Patiently(patience time.Duration, call func() error, passing error) error {
	var err error
	const pause = 10 * time.Millisecond
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for range patience / pause {
		if err = call(); !errors.Is(err, passing) {
			return err
		}
		<-tick.C
	}
	return err
}
