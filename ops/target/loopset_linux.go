package target

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Loop is a loop device that is set up.
type Loop struct {
	Node string // "/dev/loop0"
	// File is the name of the file behind it, as the device tells it. It can have been moved since.
	File string
	// Offset and Limit are the part of the file that is shown, in bytes; the Limit 0 is all that follows.
	Offset, Limit int64
	ReadOnly      bool
	// Passing says that it goes away when nobody uses it any more.
	Passing bool
}

// Whole reports whether the device shows the file from its start to its end.
func (l Loop) Whole() bool { return l.Offset == 0 && l.Limit == 0 }

// ErrNoLoop is returned for a path that is no loop device, or one that is not set up.
var ErrNoLoop = errors.New("is no loop device that is set up")

// LoopAt is the loop device of the node at path. The error is ErrNoLoop if it is none.
func LoopAt(path string) (Loop, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Loop{}, fmt.Errorf("open %s: %w", path, cause(err))
	}
	if isBlock(info) {
		d, err := host().disk(rdevOf(info))
		if err == nil && d.is("loop") && d.text("loop", "backing_file") != "" {
			return host().loop(d.name), nil
		}
	}
	return Loop{}, fmt.Errorf("%s %w", path, ErrNoLoop)
}

// LoopsOn lists the loop devices on the file at path.
func LoopsOn(path string) ([]Loop, error) {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Stat(path, &st) }); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	var list []Loop
	for _, name := range host().loopsOn(fileID{dev: st.Dev, inode: st.Ino, fd: -1}) {
		list = append(list, host().loop(name))
	}
	return list, nil
}

// loopsOn lists the kernel's names of the loop devices on a file.
func (k kernel) loopsOn(id fileID) []string {
	var list []string
	for _, name := range names(filepath.Join(k.sys, "block")) {
		if strings.HasPrefix(name, "loop") && k.loopOn(name, id) {
			list = append(list, name)
		}
	}
	return list
}

// loop is what /sys tells of a loop device.
func (k kernel) loop(name string) Loop {
	d := disk{name: name, dir: filepath.Join(k.sys, "block", name)}
	number := func(path string) int64 {
		n, err := strconv.ParseInt(d.text("loop", path), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	return Loop{
		Node: k.node(d), File: d.text("loop", "backing_file"), Offset: number("offset"), Limit: number("sizelimit"),
		ReadOnly: d.text("ro") == "1", Passing: d.text("loop", "autoclear") == "1",
	}
}

func (k kernel) loopNumber(name string) string {
	return disk{name: name, dir: filepath.Join(k.sys, "block", name)}.text("dev")
}

// SetUpLoop sets a free loop device up on an open file, with sectors of the given size, as l says; its Node is chosen
// here. The open device is the caller's: a passing one goes away when that is closed and it is not used otherwise.
// Partitions that whoever had the device earlier told the kernel may still be there, until Follow.
func SetUpLoop(f *os.File, l Loop, sector int) (set Loop, device *os.File, err error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return l, nil, fmt.Errorf("ask for a free loop device: %w", err)
	}
	defer func() { err = errors.Join(err, control.Close()) }()
	config := &unix.LoopConfig{Fd: uint32(f.Fd()), Size: uint32(sector)}
	config.Info.Offset, config.Info.Sizelimit = uint64(l.Offset), uint64(l.Limit)
	mode := os.O_RDWR
	if l.ReadOnly {
		config.Info.Flags, mode = unix.LO_FLAGS_READ_ONLY, os.O_RDONLY
	}
	if l.Passing {
		config.Info.Flags |= unix.LO_FLAGS_AUTOCLEAR
	}
	copy(config.Info.File_name[:len(config.Info.File_name)-1], l.File)
	const attempts = 20 // somebody else may take the free one first
	for range attempts {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return l, nil, fmt.Errorf("ask for a free loop device: %w", err)
		}
		l.Node = fmt.Sprintf("/dev/loop%d", n)
		device, err = openFree(l.Node, mode)
		if err != nil {
			return l, nil, fmt.Errorf("open the free loop device: %w", err)
		}
		err = retry(func() error { return unix.IoctlLoopConfigure(int(device.Fd()), config) })
		if err == nil {
			return l, device, nil
		}
		if err := errors.Join(err, device.Close()); !errors.Is(err, unix.EBUSY) {
			return l, nil, fmt.Errorf("set up %s on %s: %w", l.Node, l.File, err)
		}
	}
	return l, nil, errors.New("set up a loop device: every free one was taken by somebody else")
}

// openFree opens a loop device that is not set up. One that was left read-only, by whoever used it last, is
// made writable if that is asked for.
func openFree(node string, mode int) (*os.File, error) {
	f, err := os.OpenFile(node, mode, 0)
	if !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EROFS) && !errors.Is(err, unix.EPERM) || mode == os.O_RDONLY {
		return f, err
	}
	f, err = os.OpenFile(node, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	off := 0
	if err := errors.Join(unix.IoctlSetPointerInt(int(f.Fd()), unix.BLKROSET, off), f.Close()); err != nil {
		return nil, err
	}
	return os.OpenFile(node, mode, 0)
}

// Detach takes a loop device that is held off its file, with all its partitions. It fails if one of them is in use,
// and nothing has changed then. The Block is closed in any case.
func (b *Block) Detach() error {
	err := b.detach()
	err = errors.Join(err, b.Close())
	if err != nil {
		return err
	}
	// It goes when the last one who has it open closes it. Those who only look do so for moments.
	left := errors.New("it is still set up")
	err = patiently(partPatience, func() error {
		if b.disk.text("loop", "backing_file") != "" {
			return left
		}
		return nil
	}, left)
	if err != nil {
		return fmt.Errorf("%s goes away as soon as %s has closed it", b.path, host().claimant(b.path, b.disk, b.id()).Holder)
	}
	return nil
}

func (b *Block) detach() error {
	if !b.disk.is("loop") {
		return fmt.Errorf("%s %w", b.path, ErrNoLoop)
	}
	if err := b.flush(); err != nil {
		return err
	}
	var all []int
	for number := range b.disk.parts() {
		all = append(all, number)
	}
	if err := b.Withdraw(all); err != nil {
		return err
	}
	if err := retry(func() error { return unix.IoctlSetInt(int(b.read.Fd()), unix.LOOP_CLR_FD, 0) }); err != nil {
		return fmt.Errorf("detach %s: %w", b.path, err)
	}
	return nil
}

// Unused is Target.Unused.
func (b *Block) Unused() error {
	if use := host().wholeUser(b.path, b.disk); use != nil {
		return use
	}
	return nil
}

// Lend is Target.Lend.
func (r *Raw) Lend(do func() error) error { return do() }

// Lend is Target.Lend.
func (b *Block) Lend(do func() error) error {
	if b.mode == Inspect {
		return do()
	}
	if b.claim != nil {
		if err := b.claim.Close(); err != nil {
			return err
		}
		b.claim = nil
	}
	err := do()
	if claim := b.takeClaim(); claim != nil && b.Unused() == nil {
		return errors.Join(err, claim)
	}
	return err
}

// Mounts is Target.Mounts.
func (r *Raw) Mounts(p Part) []string {
	var list []string
	for _, name := range host().loopsOn(r.id()) {
		if l := host().loop(name); l.Offset == p.Start && (l.Limit == p.Len || l.Limit == 0 && l.Offset+p.Len == r.Size()) {
			list = append(list, host().mounts(host().loopNumber(name), l.Node)...)
		}
	}
	return list
}

// Mounts is Target.Mounts.
func (b *Block) Mounts(p Part) []string {
	d := b.disk
	if p.Number != 0 {
		var known bool
		if d, known = b.disk.parts()[p.Number]; !known {
			return nil
		}
	}
	return host().mounts(d.number, host().node(d))
}

// Knows fails unless the kernel has the partition where p says.
func (b *Block) Knows(p Part) error {
	d, known := b.disk.parts()[p.Number]
	if !known {
		return fmt.Errorf("the kernel does not know p%d of %s", p.Number, b.path)
	}
	start, n, err := d.span()
	if err != nil {
		return err
	}
	if start != p.Start || n != p.Len {
		return fmt.Errorf("the kernel knows p%d of %s at another place", p.Number, b.path)
	}
	return nil
}

// NodeFor is a path by which a partition, or the whole device with 0, can be mounted. Where /dev has no node, as in a
// container with a /dev of its own, one is made, which done removes.
func (b *Block) NodeFor(number int) (path string, done func() error, err error) {
	d := b.disk
	if number != 0 {
		var known bool
		if d, known = b.disk.parts()[number]; !known {
			return "", nil, fmt.Errorf("the kernel does not know p%d of %s", number, b.path)
		}
	}
	path = host().node(d)
	if host().numberOf(path) == d.number {
		return path, func() error { return nil }, nil
	}
	dir, err := os.MkdirTemp(nodesWork(), "shunt-node-")
	if err != nil {
		return "", nil, fmt.Errorf("make a node for p%d of %s: %w", number, b.path, err)
	}
	var major, minor uint32
	if _, err := fmt.Sscanf(d.number, "%d:%d", &major, &minor); err != nil {
		return "", nil, errors.Join(fmt.Errorf("make a node for p%d of %s: %w", number, b.path, err), os.Remove(dir))
	}
	path = filepath.Join(dir, filepath.Base(path))
	if err := unix.Mknod(path, unix.S_IFBLK|0o600, int(unix.Mkdev(major, minor))); err != nil {
		return "", nil, errors.Join(fmt.Errorf("make a node for p%d of %s: %w", number, b.path, err), os.Remove(dir))
	}
	return path, func() error { return os.RemoveAll(dir) }, nil
}

// nodesWork is a directory in which device nodes can be used: many are mounted so that they cannot.
func nodesWork() string {
	for _, dir := range []string{host().dev, os.TempDir(), "/run"} {
		var st unix.Statfs_t
		if unix.Statfs(dir, &st) == nil && st.Flags&unix.ST_NODEV == 0 && unix.Access(dir, unix.W_OK) == nil {
			return dir
		}
	}
	return os.TempDir()
}

// Unescape undoes the octal escapes by which /proc keeps its lines apart.
func Unescape(text string) string { return unescape(text) }
