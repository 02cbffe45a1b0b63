package target

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/geometry"
)

// Surroundings is what the system told, at one moment, of who uses files. It is for looks at many files in a row.
type Surroundings struct {
	k     kernel
	loops map[fileKey]string // the kernel's name of a loop device on a file
}

// fileKey names a file by its numbers.
type fileKey struct{ dev, inode uint64 }

// Glance is what a look at a file or block device told that took no lock and left no trace: who opens the target later can
// still be refused. A value of zero is not known.
type Glance struct {
	Size   int64
	Sector geometry.SectorSize // of a device
	Format string              // "raw", "qcow2", "loop device"
	Back   string              // the file behind a loop device
	Use    string              // who uses it: "loop device /dev/loop0, mounted at /mnt"
	// Physical says that it is a disk that people may depend on.
	Physical bool
	Own      bool   // this program itself has it open
	Cannot   string // why it cannot be opened, whoever uses it
}

// LookAround asks who uses what.
func LookAround() Surroundings { return host().lookAround() }

func (k kernel) lookAround() Surroundings {
	s := Surroundings{k: k, loops: map[fileKey]string{}}
	for _, name := range names(filepath.Join(k.sys, "block")) {
		back := disk{dir: filepath.Join(k.sys, "block", name)}.text("loop", "backing_file")
		if back == "" {
			continue
		}
		var st unix.Stat_t
		if retry(func() error { return unix.Stat(back, &st) }) == nil {
			s.loops[fileKey{st.Dev, st.Ino}] = name
		}
		if info, err := k.loopStatus(name); err == nil {
			s.loops[fileKey{info.Device, info.Inode}] = name
		}
	}
	return s
}

// Glance looks at a file or block device; inside is called with what it holds, if that can be read, before it is closed.
// The error is ready to be shown; what is told of a target that cannot be read comes with it.
func (s Surroundings) Glance(path string, inside func(io.ReaderAt, Glance) error) (g Glance, err error) {
	held, err := hold(path)
	if err != nil {
		return Glance{}, fmt.Errorf("open %s: %w", path, err)
	}
	defer func() { _ = held.Close() }() // it was only looked at
	var st unix.Stat_t
	if err := retry(func() error { return unix.Fstat(int(held.Fd()), &st) }); err != nil {
		return Glance{}, fmt.Errorf("open %s: %w", path, err)
	}
	kind := st.Mode & unix.S_IFMT
	if kind != unix.S_IFREG && kind != unix.S_IFBLK {
		return Glance{}, fmt.Errorf("%s %w", path, ErrNotFile)
	}
	var d disk
	g.Format, g.Size = "raw", st.Size
	if kind == unix.S_IFBLK {
		if d, err = s.k.disk(st.Rdev); err != nil {
			return Glance{}, fmt.Errorf("open %s: %w", path, err)
		}
		g = s.device(d)
	}
	// Without O_NONBLOCK the drive of a disk that is not there would be waited for, and the holder of a lease.
	f, err := os.OpenFile(throughProc(held), os.O_RDONLY|unix.O_NONBLOCK, 0)
	_ = held.Close() // who asks for users of the file must not find this
	if err != nil {
		return g, openError(path, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if kind == unix.S_IFBLK {
		if z, err := unix.IoctlGetInt(int(f.Fd()), unix.BLKSSZGET); err == nil {
			g.Sector = geometry.SectorSize(z)
		}
	}
	if g.Use == "" {
		g.Use, g.Own = s.user(path, f, st)
	}
	if g.Cannot != "" || g.Size == 0 {
		return g, nil
	}
	if kind == unix.S_IFREG || d.is("loop") {
		switch other, found, err := formatOf(path, f, g.Size); {
		case err != nil:
			return g, err
		case found:
			g.Cannot = fmt.Sprintf("this version cannot edit %s files: %s", other.name, other.advice(path))
			if kind == unix.S_IFREG {
				g.Format = other.name
			}
			return g, nil
		}
	}
	return g, inside(f, g)
}

// device is what /sys tells of a block device.
func (s Surroundings) device(d disk) Glance {
	sectors, _ := strconv.ParseInt(d.text("size"), 10, 64) // in sysUnit, and 0 for a device that is not set up
	g := Glance{Size: sectors * sysUnit, Format: s.k.sort(d), Back: d.text("loop", "backing_file"), Physical: s.k.physical(d)}
	if w, ok := d.whole(); ok {
		g.Format, g.Cannot = "partition", "it is a partition and not a disk: open "+s.k.node(w)
	} else if g.Size == 0 {
		g.Cannot = "it " + ErrNoMedium.Error()
	}
	var uses []string
	for _, use := range s.k.blockUses(d.name) {
		uses = append(uses, use.what.String())
	}
	g.Use = strings.Join(uses, ", ")
	return g
}

// user is who uses a file, or has a device for itself, as far as that is told without looking at every process.
func (s Surroundings) user(path string, f *os.File, st unix.Stat_t) (who string, own bool) {
	if name, ok := s.loops[fileKey{st.Dev, st.Ino}]; ok && st.Mode&unix.S_IFMT == unix.S_IFREG {
		what, _ := s.k.loopHolder(name)
		return what, false
	}
	id := fileID{dev: st.Dev, inode: st.Ino, fd: int(f.Fd())}
	for _, swap := range s.k.swaps() {
		if id.is(swap) {
			return "the system as swap", false
		}
	}
	if !errors.Is(testLocks(f, Edit), errHeld) && s.k.flocker(id) == 0 {
		return "", false
	}
	id.shown = parseFdinfo(s.k.self("fdinfo", strconv.Itoa(id.fd))).inode
	if slices.ContainsFunc(s.k.openers(id), func(o opener) bool { return o.pid == os.Getpid() }) {
		return "", true // its worker may have it open as well
	}
	return s.k.locker(path, id).Holder, false
}

// Devices lists the nodes of the block devices that can be edited: loop devices that are set up and other images that are
// shown as devices; physical disks only if they are allowed.
func Devices(physical bool) []string { return host().devices(physical) }

func (k kernel) devices(physical bool) []string {
	var list []disk
	for _, name := range names(filepath.Join(k.sys, "block")) {
		dir, err := filepath.EvalSymlinks(filepath.Join(k.sys, "block", name))
		if err != nil {
			continue
		}
		d := disk{name: name, dir: dir}
		setUp := d.text("size") != "0" && (!d.is("loop") || d.text("loop", "backing_file") != "")
		// Of disks in memory there are many on some machines, and nobody keeps an image there.
		if setUp && !d.is("ram") && !d.is("zram") && (physical || !k.physical(d)) {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b disk) int {
		return cmp.Or(cmp.Compare(stem(a.name), stem(b.name)), cmp.Compare(len(a.name), len(b.name)), cmp.Compare(a.name, b.name))
	})
	nodes := make([]string, len(list))
	for i, d := range list {
		nodes[i] = k.node(d)
	}
	return nodes
}

// stem is a kernel's name without its number.
func stem(name string) string { return strings.TrimRight(name, "0123456789") }
