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

// ProbeWritable fails if the file cannot be opened for writing, so that the user learns it before planning and not at the
// commit. It closes the file again at once, so that nothing can be written by mistake. path is for messages.
func ProbeWritable(path string, opened *os.File) error {
	f, err := Reopen(opened, os.O_RDWR)
	return errors.Join(OpenError(path, err), CloseAll(f))
}

// OpenError returns the error to show if the system opened the file at path with err.
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
		return fmt.Errorf("%s cannot be opened: %w; run shunt as its owner or as root, or change its mode or attributes", path, tried.Cause(err))
	}
	return tried.Errorf("open %s: %w", path, tried.Cause(err))
}

// Admit locks an image file as the mode requires, and fails if a program that ignores locks uses it. It never refuses a
// file that is only inspected. User then says who else uses it.
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
	switch {
	case opts.Mode == target.Hold && opts.Shown:
		shown = kernel.Partly
	case opts.Mode == target.Read:
		shown = kernel.Writable
	}
	return Refusal(h.user(shown))
}

// user names a user of the file that takes no lock, or returns nil. It looks several times before it names a process, since
// a process that is just starting briefly has a copy of every file that its parent has open.
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

// Lock calls take to take locks. If that is not possible, the error names the holder. take fails with ErrHeld or ErrNoLocks
// as TakeLocks does. Lock waits a moment for programs that started at the same time and give up when they see these locks.
// It also waits for a holder that cannot be found, which may have just ended, and longer while any process is ending: a
// killed process vanishes from the list of processes before its files are closed.
func (h *File) Lock(take func() error) error {
	err := Patiently(LockPatience, take, ErrHeld)
	for waited := time.Duration(0); errors.Is(err, ErrHeld); waited += endPatience {
		// A holder is returned as soon as it is found, since it may be gone at the next look.
		holder := kernel.Host().Locker(h.Given, h.ID())
		if holder.PID != 0 || waited >= hiddenPatience && !kernel.Host().Dying() || waited >= deathPatience {
			return holder
		}
		err = Patiently(endPatience, take, ErrHeld)
	}
	return h.LockRefusal(err)
}

// takeLocks takes the locks of the mode, all or none. To hold a file takes those for editing.
func (h *File) takeLocks() error {
	mode := target.Edit
	if h.Mode == target.Read {
		mode = target.Read
	}
	err := TakeLocks(h.Read, mode)
	if errors.Is(err, ErrHeld) {
		err = errors.Join(err, DropLocks(h.Read))
	}
	return err
}

func (h *File) inspect(opts target.Options) error {
	if !opts.NoLock {
		if err := TakeLocks(h.Read, target.Inspect); err != nil {
			// Locks taken before the failure must not keep others off.
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

// openAgain ends advice about a target that cannot be opened.
const openAgain = ", and open it again"

// Unused implements target.Target for image files.
func (h *File) Unused() error {
	return Refusal(kernel.Host().User(h.Given, h.ID(), kernel.Wholly, " first"))
}

// Rely locks a file that is the backing file of another. Others may read it, but nobody may change it. It fails as Admit
// does.
func (h *File) Rely(opts target.Options) error {
	if !opts.NoLock {
		if err := h.Lock(func() error { return TakeLocks(h.Read, target.Inspect) }); err != nil {
			return err
		}
	}
	return Refusal(h.user(kernel.Writable))
}

// Unwritten fails with *InUse if somebody who takes no lock can change a file on which Rely was called.
func (h *File) Unwritten() error {
	return Refusal(kernel.Host().User(h.Given, h.ID(), kernel.Writable, " first"))
}

// Refusal returns use as an error, or nil if use is nil.
func Refusal(use *target.InUse) error {
	if use == nil {
		return nil
	}
	return use
}

// Adopted fails unless the file that another process handed over is still the one at the path and has its locks.
func (h *File) Adopted(opts target.Options) error {
	if err := h.InPlace(); err != nil {
		return err
	}
	if opts.Mode != target.Edit || opts.NoLock {
		return nil
	}
	// The open file description holds the locks already, so this fails only if the handover went wrong.
	return h.LockRefusal(TakeLocks(h.Read, opts.Mode))
}

// How long to wait for something that others hold for moments only.
const (
	LockPatience   = 300 * time.Millisecond
	PartPatience   = time.Second
	endPatience    = time.Second
	hiddenPatience = 2 * time.Second // for a holder that no list of processes shows
	deathPatience  = 30 * time.Second
)

// Patiently repeats a call while it fails with the passing error, but no longer than patience.
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
