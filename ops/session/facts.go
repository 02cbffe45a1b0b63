package session

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/enlarge"
	"shunt/ops/guide"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/worker"
)

func (s *Session) environment(tools ops.Capabilities) ops.Env {
	return ops.Env{
		Caps: tools, Sources: s.source, Room: guide.Room, Tight: enlarge.Tight, Medium: medium(s.target),
		Layers: worker.LayersOf(s.target), Other: s.other, NoNewFile: s.noNewFile(),
		Contents: worker.ContentsOf(s.target), Dump: ReadDump, Readings: worker.ReadingsOf(s.target),
	}
}

// medium says how a target moves data.
func medium(t target.Target) ops.Medium {
	const hostBlock = 4 * geometry.KiB // the largest block of the file systems that share blocks
	if sw, ok := t.(target.Switching); ok {
		return ops.Medium{Grain: geometry.Bytes(sw.Cluster()), Below: func(off, n geometry.Bytes) geometry.Bytes {
			return geometry.Bytes(sw.Below(int64(off), int64(n)))
		}}
	}
	if _, ok := t.(target.Replacing); ok {
		return ops.Medium{Holds: takes(t.Path())}
	}
	if host, ok := t.(target.Hosted); ok {
		if _, shares, err := host.Room(); err == nil && shares {
			return ops.Medium{Grain: hostBlock}
		}
	}
	return ops.Medium{}
}

func facts(t target.Target, o Options) report.Facts {
	f := report.Facts{Path: t.Path(), Call: o.Call(t.Path()), Format: t.Format(), Size: geometry.Bytes(t.Size())}
	if _, err := target.AsPlain(t); err != nil {
		f.Call.Wrapped = t.Format()
	}
	f.Overlays = registry.Overlays(t.Path(), o.Overlays...)
	if t, ok := t.(target.Described); ok {
		f.Around = new(t.Describe())
	}
	if f.Around != nil {
		f.Allocated = f.Around.Allocated
	} else if _, hosted := t.(target.Hosted); hosted {
		f.Allocated = takes(t.Path())
	}
	d, known := t.(target.KernelDisk)
	if f.Device = known; known && d.Physical() {
		f.Retype = t.Path()
	}
	if known {
		h := d.Hardware()
		f.Model, f.Serial, f.Bus, f.Turns = h.Model, h.Serial, h.Bus, h.Rotates
	}
	if rest := target.Remainder(t); rest != 0 {
		f.Note = fmt.Sprintf("%d bytes follow the last whole sector and stay as they are", rest)
	}
	if t, ok := t.(target.Foreign); ok {
		f.Foreign = new(t.About())
	}
	if m, ok := t.(target.Mended); ok && len(m.Mended()) > 0 {
		f.Mended = m.Mended()
		f.Note = strings.Join(f.Mended, "; ")
	}
	if busy := t.Busy(); busy != nil {
		f.InUse = busy.Holder
	}
	return f
}

// takes returns the room that a file takes on its file system, or 0 if that cannot be found out.
func takes(path string) geometry.Bytes {
	const statBlock = 512
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return 0
	}
	return geometry.Bytes(st.Blocks * statBlock)
}

// checkDisk returns an error for a file that does not look like a disk image. Without it even a text file could be edited
// like a disk. A file that is all zero at its start counts as an image, and a device is a disk whatever it holds.
func checkDisk(path string, t target.Target, d model.Disk) error {
	_, image := t.(target.Switching) // its format says that it is a disk
	if _, foreign := t.(target.Foreign); foreign {
		image = true
	}
	if _, device := t.(target.KernelDisk); device || image || d.Table.Kind != model.TableNone || d.Whole.Known() || !d.ReadOnly().OK() {
		return nil
	}
	head := make([]byte, min(t.Size(), 64<<10))
	if _, err := t.ReadAt(head, 0); err != nil {
		return err
	}
	if len(bytes.Trim(head, "\x00")) > 0 {
		return fmt.Errorf("%s has neither a partition table nor a file system that shunt knows, and is not blank: is it a disk image?", path)
	}
	return nil
}
