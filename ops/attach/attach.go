// Package attach brings targets and their partitions into the system and out of it again: an image as a loop device whose
// partitions the kernel knows, a file system mounted at a directory. It writes to no target.
//
// It may import model, ops/fsys and ops/target. Who may do what to a target at the same time is for the target's locks to say: the
// functions here take one that is held (target.Hold), and are for root.
//
// What has to go away later needs no record. A loop device that shows a single partition, for a mount of an image, goes
// with the mount, which the kernel sees to. A loop device that shows a whole image stays until it is detached.
// Directories that were made for mounts are those in Room, and are removed only if they are empty.
package attach

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"shunt/ops/target"
)

// Access says whether what is attached or mounted can be written to.
type Access int

// The ways of access.
const (
	ReadWrite Access = iota
	ReadOnly         // nothing is written, not even to replay a journal
)

// ErrNotRoot is returned to those who may not do what they asked for.
var ErrNotRoot = errors.New("takes root: run it with sudo. Without root `shunt ls TARGET P` lists the files in a partition")

// allowed fails with ErrNotRoot unless the process is root's.
func allowed(what string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%s %w", what, ErrNotRoot)
	}
	return nil
}

// Image sets a loop device up on an image file that is held and tells the kernel its partitions. After an error nothing
// is left of it.
func Image(t target.Target, parts []target.Part, access Access) (node string, err error) {
	if err := allowed("attaching an image"); err != nil {
		return "", err
	}
	if err := plain(t); err != nil {
		return "", err
	}
	f, err := reopen(t, access)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	l, device, err := target.SetUpLoop(f, target.Loop{File: t.Path(), ReadOnly: access == ReadOnly}, int(t.SectorSize()))
	if err != nil {
		return "", err
	}
	b, err := hold(l.Node)
	if err := errors.Join(err, device.Close()); err != nil {
		return "", err
	}
	if err := b.Follow(parts); err != nil {
		return "", errors.Join(err, b.Detach())
	}
	return l.Node, b.Close()
}

// plain fails for images of which the kernel cannot read the bytes.
func plain(t target.Target) error {
	if _, ok := t.(*target.Raw); !ok {
		return fmt.Errorf("%s is a %s, of which the kernel can make no loop device", t.Path(), t.Format())
	}
	return nil
}

// reopen opens the file of an image once more, for a loop device.
func reopen(t target.Target, access Access) (*os.File, error) {
	flag := os.O_RDWR
	if access == ReadOnly {
		flag = os.O_RDONLY
	}
	// By way of the descriptor: whatever happens to the name meanwhile, this is the file that is locked.
	f, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", t.Files()[0].Fd()), flag, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w; it can be had read-only", t.Path(), underlying(err))
	}
	return f, nil
}

// hold opens a loop device whose image is held already.
func hold(node string) (*target.Block, error) {
	t, err := target.Open(node, target.Options{Mode: target.Hold, NoLock: true})
	if err != nil {
		return nil, err
	}
	return t.(*target.Block), nil
}

// Find is the loop device that shows an image from its start to its end: that of path itself if path is a loop device.
func Find(path string) (target.Loop, error) {
	l, err := target.LoopAt(path)
	if err == nil || !errors.Is(err, target.ErrNoLoop) {
		return l, err
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return l, fmt.Errorf("%s %w", path, target.ErrNoLoop)
	}
	all, err := target.LoopsOn(path)
	if err != nil {
		return l, err
	}
	whole := slices.DeleteFunc(slices.Clone(all), func(l target.Loop) bool { return !l.Whole() })
	switch {
	case len(whole) == 1:
		return whole[0], nil
	case len(whole) > 1:
		var nodes []string
		for _, l := range whole {
			nodes = append(nodes, l.Node)
		}
		return l, fmt.Errorf("%s is attached as %s: name the one that is meant", path, strings.Join(nodes, " and as "))
	case len(all) > 0:
		return l, fmt.Errorf("%s is not attached as a whole, but a part of it is mounted by %s: unmount that", path, all[0].Node)
	}
	return l, fmt.Errorf("%s %w", path, ErrNotAttached)
}

// ErrNotAttached is returned for an image that no loop device shows.
var ErrNotAttached = errors.New("is not attached")

// Detach takes a loop device off its image. It closes t, which must be held. As long as a partition is in use nothing is
// done, and the error names it.
func Detach(t *target.Block) error {
	if err := allowed("detaching a loop device"); err != nil {
		return errors.Join(err, t.Close())
	}
	uses := t.Uses(nil)
	var busy []string
	for number, use := range uses {
		busy = append(busy, fmt.Sprintf("p%d is %s", number, use))
	}
	if len(busy) > 0 {
		slices.Sort(busy)
		return errors.Join(fmt.Errorf("%s stays attached: %s; unmount or stop that first", t.Path(), strings.Join(busy, ", ")), t.Close())
	}
	return t.Detach()
}

func underlying(err error) error {
	if at, ok := errors.AsType[*os.PathError](err); ok {
		return at.Err
	}
	return err
}
