package qcow2

import (
	"fmt"
	"io"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/target"
	"shunt/ops/target/internal/held"
)

var _ target.Layered = (*file)(nil)

func (f *file) Snapshots() []model.ImageSnapshot {
	im, _ := f.now()
	return stored(im.Snapshots)
}

// stored lists snapshots with their names as they are stored.
func stored(snapshots []Snapshot) []model.ImageSnapshot {
	list := []model.ImageSnapshot{}
	for _, s := range snapshots {
		list = append(list, model.ImageSnapshot{
			ID: s.ID, Name: s.Name, Made: s.Made.Unix(), Size: geometry.Bytes(s.Size), State: geometry.Bytes(s.State),
		})
	}
	return list
}

func (f *file) Snapshot(id string) (disk io.ReaderAt, n int64, err error) {
	im, _ := f.now()
	for _, s := range im.Snapshots {
		if s.ID != id {
			continue
		}
		kept, err := im.keeping(s)
		if err != nil {
			return nil, 0, fmt.Errorf("read snapshot %s of %s: %w", id, f.Given, err)
		}
		return endless{kept}, kept.Size(), nil
	}
	return nil, 0, fmt.Errorf("%s has no snapshot %s", f.Given, id)
}

// An endless image reads exactly as many bytes as are asked for.
type endless struct{ *Image }

func (e endless) ReadAt(p []byte, off int64) (int, error) {
	n, err := e.Image.ReadAt(p, off)
	if n == len(p) {
		err = nil
	}
	return n, err
}

func (f *file) NoSnapshot() model.Reason {
	im, _ := f.now()
	switch {
	case im.RefcountBits == 1:
		return "its refcounts have 1 bit, so no cluster can belong to the disk and to a snapshot: make an image with wider ones by " +
			"`qemu-img convert -O qcow2 -o refcount_bits=16`"
	case len(im.Snapshots) >= maxSnapshots:
		return model.Because("it has %d snapshots, as many as there can be", len(im.Snapshots))
	}
	return ""
}

func (f *file) Backing() (path, format string) {
	if len(f.layers) == 0 {
		return "", ""
	}
	im, _ := f.now()
	return f.layers[0].Given, im.BackingFormat
}

func (f *file) Layer(id target.Identity) int {
	return slices.IndexFunc(f.layers, func(l *held.File) bool {
		st, err := l.Stat()
		return err == nil && st.Dev == id.Dev && st.Ino == id.Inode
	})
}

func (f *file) Own(off int64) (start, end int64, err error) {
	im, _ := f.now()
	return im.own(off)
}

// own finds the next run of the disk that does not come from the backing file.
func (im *Image) own(off int64) (start, end int64, err error) {
	start = -1
	c, per := im.cluster(), im.perL2()
	for at := off; at < im.Size(); {
		g, own := at/c, false
		n := min((g/per+1)*per*c, im.Size()) - at
		if im.l1[g/per]&offsetMask != 0 {
			r, err := im.run(at)
			if err != nil {
				return 0, 0, err
			}
			n, own = r.n, r.kind != unallocated
		}
		if own && start < 0 {
			start = at
		}
		if !own && start >= 0 {
			return start, at, nil
		}
		at += n
	}
	if start < 0 {
		start = im.Size()
	}
	return start, im.Size(), nil
}
