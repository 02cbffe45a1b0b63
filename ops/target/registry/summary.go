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

// Snapshot says who used which files at one moment. One is enough to summarize many files.
type Snapshot struct {
	k     kernel.Kernel
	loops map[kernel.FileID]kernel.Disk // the loop devices on files
}

// Summary describes a file or block device. It was made without a lock, so opening the target can still be refused. Zero
// values are not known.
type Summary struct {
	Size   int64
	Sector geometry.SectorSize // of a device
	Format string              // "raw", "qcow2", "loop device"
	Back   string              // the file behind a loop device
	Use    string              // who uses it: "loop device /dev/loop0, mounted at /mnt"
	// Physical says that it is a disk that people may depend on.
	Physical bool
	Parts    bool         // the system uses the partitions of a device; an editor keeps those as they are
	Shunt    bool         // another shunt uses it
	Own      bool         // this program itself has it open
	Cannot   model.Reason // why it cannot be opened, in use or not
}

// TakeSnapshot asks the system who uses which files.
func TakeSnapshot() Snapshot {
	return Snapshot{k: kernel.Host(), loops: kernel.Host().LoopFiles()}
}

// Summarize looks at a file or block device; it calls inside with the disk in it, if that can be read, before it closes the
// file. The error is the cause, ready to be shown beside the path. The Summary then holds what was found before the error.
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
	// Without O_NONBLOCK the drive of a disk that is not there would be waited for, and the holder of a lease.
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
	disk, err := g.disk(path, f, d)
	if err != nil || disk == nil {
		return g, err
	}
	return g, inside(disk, g)
}

// disk reads the format of an open file, or of the device d. It is nil if that cannot be edited.
func (g *Summary) disk(path string, f *os.File, d kernel.Disk) (disk io.ReaderAt, err error) {
	found, file := plain(), d.Name == ""
	if file || d.Is("loop") {
		if found, err = recognise(path, f, g.Size); err != nil {
			return nil, err
		}
	}
	if file {
		g.Format = found.name
	}
	if found.driver == nil || !file && found.name != plain().name {
		g.Cannot = model.Because("this version cannot edit %s files: %s", found.name, found.advice(path))
		return nil, nil
	}
	peek := found.driver().Peek
	if peek == nil {
		return f, nil
	}
	disk, n, err := peek(f, g.Size)
	if err == nil {
		g.Size = n
	}
	return disk, err
}

// summaryOf is what /sys says about a block device.
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

// user names the user of a file, or the program that has a device for itself, without looking at every process if it can.
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
		return "", false, true // its worker may have it open as well
	}
	holder := s.k.Locker(path, id)
	return holder.Holder, holder.Shunt, false
}

// Devices lists the nodes of the block devices that can be edited: loop devices that are set up and other images that are
// shown as devices; physical disks only if they are allowed.
func Devices(physical bool) []string { return kernel.Host().Devices(physical) }
