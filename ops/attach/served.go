package attach

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/fsys"
	"shunt/ops/partfs"
	"shunt/ops/target"
	"shunt/ops/target/served"
)

// This file is about file systems that a process of shunt shows with FUSE, for ordinary users and for what the kernel
// cannot mount. The mount ends with that process, and the process with the mount.

// MayServe returns why the files in a partition cannot be shown to all processes of this user, or nil. It mounts nothing.
func MayServe(t target.Target, p Source, w MountOptions) error {
	if err := MayServeAlone(t, p, w); err != nil {
		return err
	}
	if err := partfs.MayConnect(); err != nil {
		return fmt.Errorf("%s cannot be mounted: %w", p.Name, err)
	}
	return nil
}

// MayServeAlone returns why the files cannot be shown in a mount namespace of their own, or nil.
func MayServeAlone(t target.Target, p Source, w MountOptions) error {
	if no := NotMountable(p.FS); !no.OK() {
		return fmt.Errorf("%s cannot be mounted: %s", p.Name, no)
	}
	if no, missing := fsys.Of(p.FS.Kind).NotServed(w.Access); !no.OK() {
		return &NotServed{Text: fmt.Sprintf("%s cannot be mounted: %s", p.Name, no), Package: missing}
	}
	if w.Access == model.ReadWrite {
		return mayWrite(t, p)
	}
	return nil
}

// A NotServed says why no program shows the files in a partition.
type NotServed struct {
	Text    string
	Package string // what to install for it, or ""
}

func (e *NotServed) Error() string { return e.Text }

// mayWrite returns why what a program changes in a partition cannot be written to the target at once.
func mayWrite(t target.Target, p Source) error {
	if _, err := target.AsPlain(t); err != nil {
		return fmt.Errorf("%s cannot be mounted for writing, because it is in an image of the format %s: mount it read-only, "+
			"or make a raw image of it (`shunt image convert`) and mount that", p.Name, t.Format())
	}
	// fuse2fs of Debian 12 crashes when it replays a journal.
	if p.FS.Features.Has(model.Unreplayed) {
		return fmt.Errorf("%s cannot be mounted for writing: its journal has to be replayed first; `check %d` in a plan does "+
			"that, or mount it read-only", p.Name, p.Part.Number)
	}
	if p.FS.Trait == model.Hibernated {
		return fmt.Errorf("%s cannot be mounted for writing: a hibernated system in it remembers the files as they were, and would damage "+
			"them; mount it read-only", p.Name)
	}
	if p.FS.Kind == model.NTFS && !p.FS.Dirty.OK() {
		return fmt.Errorf("%s cannot be mounted for writing: %s; let Windows check it first, or `check` in a plan, or mount it "+
			"read-only", p.Name, p.FS.Dirty)
	}
	return nil
}

// ServedAs returns where the files of a part of the target at path are shown.
func ServedAs(path string, number int) (list []target.Served) {
	all, err := served.On(path)
	if err != nil {
		return nil
	}
	for _, s := range all {
		if s.Number == number {
			list = append(list, s)
		}
	}
	return list
}

// ClearDead unmounts what processes have left behind that were killed all at once, as far as this user may.
func ClearDead() error {
	var errs []error
	for _, s := range served.All() {
		if dead(s.Dir) {
			errs = append(errs, clearDead(s.Dir))
		}
	}
	return errors.Join(errs...)
}

// Shown returns where the files of a part of the target at path are shown, after it has cleared what is dead. A process
// that was killed a moment ago is waited for.
func Shown(path string, number int) ([]target.Served, error) {
	const pause, most = 20 * time.Millisecond, 100
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for range most {
		if err := ClearDead(); err != nil {
			return nil, err
		}
		list := ServedAs(path, number)
		ending := func(s target.Served) bool { return len(served.Processes(s)) == 0 }
		if !slices.ContainsFunc(list, ending) {
			return list, nil
		}
		<-tick.C
	}
	return ServedAs(path, number), nil
}

// dead reports whether nobody serves what is mounted at a directory any more. The kernel answers stat(2) from its memory,
// but not this. Who is killed before the answer leaves ECONNABORTED.
func dead(dir string) bool {
	var st unix.Statfs_t
	err := unix.Statfs(dir, &st)
	return errors.Is(err, unix.ENOTCONN) || errors.Is(err, unix.ECONNABORTED)
}

func clearDead(dir string) error {
	if err := partfs.Disconnect(dir, true); err != nil && dead(dir) {
		return tried.Errorf("unmount %s, whose program has ended: %w", dir, err)
	}
	removeSpot(dir)
	return nil
}

// Release unmounts what a process shows. When it returns, the process has ended, and with it its locks. If something uses
// the mount, the error names it, and the mount stays.
func Release(name string, s target.Served) error {
	top, err := topmost(s.Dir)
	if err != nil {
		return err
	}
	if top.stack > 1 {
		return fmt.Errorf("there are several mounts at %s, one over the other: unmount the upper ones first", s.Dir)
	}
	ended := watch(served.Processes(s))
	defer ended.close()
	if dead(s.Dir) {
		err = clearDead(s.Dir)
	} else if failed := partfs.Disconnect(s.Dir, false); failed != nil {
		if again, gone := topmost(s.Dir); gone == nil && again.id == top.id {
			who := users(s.Dir, top.id)
			if who == "" {
				return fmt.Errorf("%s stays mounted at %s: %w; %s", name, s.Dir, failed, lookForUsers(s.Dir))
			}
			return fmt.Errorf("%s stays mounted at %s: %s", name, s.Dir, who)
		}
	}
	most := mostWait
	if !s.ReadOnly {
		most = mostFlush
	}
	ended.wait(most)
	removeSpot(s.Dir)
	return err
}

// How long to wait for processes that end by themselves, and for those that may have much to write before.
const (
	mostWait  = 10 * time.Second
	mostFlush = time.Hour
)

// watched are processes whose end is awaited.
type watched []unix.PollFd

func watch(pids []int) (w watched) {
	for _, pid := range pids {
		if fd, err := unix.PidfdOpen(pid, 0); err == nil {
			w = append(w, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		}
	}
	return w
}

// wait waits until they have ended, but no longer than most for each.
func (w watched) wait(most time.Duration) {
	for _, one := range w {
		for errors.Is(poll(one, most), unix.EINTR) {
		}
	}
}

func poll(one unix.PollFd, most time.Duration) error {
	_, err := unix.Poll([]unix.PollFd{one}, int(most.Milliseconds()))
	return err
}

func (w watched) close() {
	for _, one := range w {
		_ = unix.Close(int(one.Fd))
	}
}

// Settle tidies up after the process that has shown s: it unmounts what is dead and, if made says that the directory was
// made for it, removes that. The programs that the process has started end a moment after it.
func Settle(s target.Served, made bool) error {
	const pause = 20 * time.Millisecond
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for range mostWait / pause {
		if dead(s.Dir) {
			if err := clearDead(s.Dir); err != nil {
				return err
			}
		}
		if !shown(s) {
			break
		}
		<-tick.C
	}
	if made {
		removeSpot(s.Dir)
	}
	return nil
}

// shown reports whether s is in the list of mounts.
func shown(s target.Served) bool {
	for _, other := range served.All() {
		if other.Dir == s.Dir && other.Source() == s.Source() {
			return true
		}
	}
	return false
}
