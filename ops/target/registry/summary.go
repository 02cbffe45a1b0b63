package registry

import (
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
	"shunt/ops/target/internal/kernel"
)

// A Snapshot records who used which files at one moment. One is enough to summarize many files.
type Snapshot struct {
	k     kernel.Kernel
	loops map[kernel.FileID]kernel.Disk // the loop devices on files

	// Format is the format that all files have, as in target.Options; "" to recognise each.
	Format string
}

// A Summary describes a file or block device. It is made without a lock, so opening the target can still fail. A zero value
// means that something is not known.
type Summary struct {
	Size   int64
	Sector geometry.SectorSize // a device's logical sector
	Format string              // "raw", "qcow2", "loop device"
	Back   string              // the file behind a loop device
	Use    string              // who uses it: "loop device /dev/loop0, mounted at /mnt"
	// Physical is set for a disk that people may depend on.
	Physical bool
	Parts    bool         // partitions of the device are in use; the editor leaves those alone
	Shunt    bool         // another shunt uses it
	Own      bool         // this program itself has it open
	Cannot   model.Reason // why it cannot be opened, even if it is not in use
}

// TakeSnapshot asks the system who uses which files.
func TakeSnapshot() Snapshot {
	return Snapshot{k: kernel.Host(), loops: kernel.Host().LoopFiles()}
}

// Summarize describes a file or block device. If the disk in it can be read, Summarize calls inside with it before it
// closes the file. The error can be shown beside the path, which it does not name. The Summary then holds what was found
// before it.
func (s Snapshot) Summarize(path string, inside func(disk io.ReaderAt, g Summary) error) (g Summary, err error) {
	seen, err := held.Hold(path)
	if err != nil {
		return Summary{}, tried.Cause(err)
	}
	defer func() { _ = seen.Close() }() // it was only looked at
	st, err := kernel.StatFile(seen)
	if err != nil {
		return Summary{}, err
	}
	var d kernel.Disk
	kind := st.Mode & unix.S_IFMT
	switch kind {
	case unix.S_IFREG:
		g.Format, g.Size = plain().name, st.Size
	case unix.S_IFBLK:
		if d, err = s.k.Disk(st.Rdev); err != nil {
			return Summary{}, err
		}
		g = summaryOf(d)
	default:
		return Summary{}, target.ErrNotFile
	}
	// Without O_NONBLOCK this would wait for a drive without a medium, or for a program that holds a lease.
	f, err := os.OpenFile(held.Through(seen), os.O_RDONLY|unix.O_NONBLOCK, 0)
	_ = seen.Close() // a search for users of the file must not find it
	if errors.Is(err, unix.EWOULDBLOCK) {
		return g, target.ErrLeased
	}
	if err != nil {
		return g, tried.Cause(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if kind == unix.S_IFBLK {
		if z, err := unix.IoctlGetInt(int(f.Fd()), unix.BLKSSZGET); err == nil {
			g.Sector = geometry.SectorSize(z)
		}
	}
	if g.Use == "" {
		g.Use, g.Shunt, g.Own = s.user(path, f, st)
	}
	if !g.Cannot.OK() || g.Size == 0 {
		return g, nil
	}
	disk, done, err := g.disk(path, f, d, s.Format)
	if err != nil || disk == nil {
		return g, err
	}
	return g, errors.Join(inside(disk, g), done())
}

// disk finds the format of an open file, or of the device d, and returns the disk in it. It returns nil if shunt cannot
// edit that format. Otherwise done closes what was opened.
func (g *Summary) disk(path string, f *os.File, d kernel.Disk, format string) (disk io.ReaderAt, done func() error, err error) {
	found, file := plain(), d.Name == ""
	if d.Is("loop") {
		path = behind(d, path)
	}
	if (file || d.Is("loop")) && format != plain().name {
		if found, err = recognise(path, f, g.Size); err != nil {
			return nil, nil, err
		}
	}
	if file {
		g.Format = found.name
	}
	if format != "" && found.name != format {
		return nil, nil, &WrongFormat{Path: path, Is: found.name, Said: format}
	}
	if found.driver == nil || !file && found.name != plain().name {
		g.Cannot = model.Because("this version cannot edit %s files: %s", found.name, found.advice(path))
		return nil, nil, nil
	}
	if refuses := found.driver().Refuses; refuses != nil && file {
		g.Cannot = refuses(f, g.Size)
	}
	peek := found.driver().Peek
	if peek == nil {
		return sparse{f, g.Size}, func() error { return nil }, nil
	}
	disk, n, done, err := peek(path, f, g.Size)
	if err == nil {
		g.Size = n
	}
	return disk, done, err
}

// A sparse file knows its holes.
type sparse struct {
	*os.File
	size int64
}

// FileContent returns the bytes of a regular file, whatever its format, to be copied. The file still belongs to the caller.
func FileContent(f *os.File) (target.Content, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return sparse{f, info.Size()}, nil
}

func (s sparse) Size() int64 { return s.size }

// Data returns the next bytes at or behind off that may not be zero, as target.Device does.
func (s sparse) Data(off int64) (start, end int64, err error) {
	start, err = s.Seek(off, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		return s.size, s.size, nil
	}
	if err != nil {
		return off, s.size, nil // it is a device, or the host does not know
	}
	end, err = s.Seek(start, unix.SEEK_HOLE)
	return start, min(end, s.size), err
}

// summaryOf returns what /sys says about a block device.
func summaryOf(d kernel.Disk) Summary {
	g := Summary{Size: d.Bytes(), Format: d.Kind(), Back: d.Text("loop", "backing_file"), Physical: d.Physical()}
	uses, _ := d.AllUses()
	g.Use, g.Parts = strings.Join(uses, ", "), len(uses) > 0
	if w, ok := d.Whole(); ok {
		g.Format, g.Cannot = "partition", model.Because("it is a partition and not a disk: open %s", w.Node())
	} else if g.Size == 0 {
		g.Cannot = model.Because("it %v", target.ErrNoMedium)
	}
	return g
}

// user names the user of a file or device. It looks at every process only if cheaper checks find that somebody uses it.
func (s Snapshot) user(path string, f *os.File, st unix.Stat_t) (who string, shunt, own bool) {
	loop, ok := s.loops[kernel.FileID{Dev: st.Dev, Inode: st.Ino, FD: -1}]
	if ok && st.Mode&unix.S_IFMT == unix.S_IFREG {
		who, _ = loop.LoopUses()
		return who, false, false
	}
	id := s.k.Identify(st.Dev, st.Ino, f)
	switch {
	case s.k.SwapOn(id) != "":
		return "the system as swap", false, false
	case !errors.Is(held.TestLocks(f, target.Edit), held.ErrHeld) && s.k.Flocker(id) == 0:
		return "", false, false
	case s.k.OpenHere(id):
		return "", false, true // a worker of this process may have it open as well
	}
	holder := s.k.Locker(path, id)
	return holder.Holder, holder.Shunt, false
}

// Devices lists the nodes of the block devices that can be edited: loop devices that are set up, other devices that show
// images, and physical disks if they are allowed.
func Devices(physical bool) []string { return kernel.Host().Devices(physical) }
