package qcow2

import (
	"context"
	"fmt"
	"time"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops/target"
)

var _ target.Described = (*file)(nil)

// walkPatience is how long a description may take to follow all references.
const walkPatience = 10 * time.Second

func (f *file) Describe() model.ImageFile {
	im, check := f.now()
	st, _ := f.Stat() // sizes of 0 are shown for a file that is gone
	const statBlock = 512
	d := model.ImageFile{
		Version: fmt.Sprint(im.Version), Cluster: geometry.Bytes(im.cluster()), CountBits: im.RefcountBits, Compression: im.Compression,
		Lazy: im.Lazy, Parts: im.Extended, File: geometry.Bytes(st.Size), Allocated: geometry.Bytes(st.Blocks * statBlock),
		Repairable: true, Chain: []model.ImageLayer{},
	}
	d.Snapshots = described(im.Snapshots)
	if im.hasBitmaps() {
		d.Bitmaps = im.Header.bitmaps.count
	}
	for at, i := im, 0; i < len(f.layers); i++ {
		l := model.ImageLayer{Path: f.layers[i].Given, Format: at.BackingFormat, File: geometry.Bytes(f.layers[i].Size())}
		l.Size = geometry.Bytes(at.backing.Size())
		d.Chain = append(d.Chain, l)
		if below, ok := at.backing.(*Image); ok {
			at = below
		}
	}
	if check == nil {
		ctx, stop := context.WithTimeout(context.Background(), walkPatience)
		defer stop()
		var err error
		if check, err = im.Walk(ctx); err != nil {
			if ctx.Err() == nil {
				d.Faults, d.Repairable = append(d.Faults, err.Error()), false
			}
			check = nil
		}
	}
	d.Faults = append(d.Faults, im.faults(check)...)
	if check != nil {
		d.Preallocated = check.Preallocated
		d.Uses = check.Space.uses()
	}
	d.Unread = im.unread()
	return d
}

func described(snapshots []Snapshot) []model.ImageSnapshot {
	list := []model.ImageSnapshot{}
	for _, s := range stored(snapshots) {
		s.ID, s.Name = safetext.Printable(s.ID), safetext.Printable(s.Name)
		list = append(list, s)
	}
	return list
}

// faults says what a walk found.
func (im *Image) faults(c *Check) (list []string) {
	if im.Dirty {
		list = append(list, "it was not closed cleanly, so its refcounts may be wrong")
	}
	if im.Marked {
		list = append(list, "QEMU has marked it as corrupt")
	}
	if c == nil {
		return list
	}
	say := func(f Faults, text string) {
		if f.Count > 0 {
			list = append(list, fmt.Sprintf("%s: %d (the first is cluster %d)", text, f.Count, f.First.Cluster))
		}
	}
	say(c.Errors, "clusters counted less often than they are used, so a writer would take them for free")
	say(c.Copied, "clusters with a mark that contradicts their count")
	say(c.Leaks, "clusters counted more often than they are used, which only takes room")
	say(c.Beyond, "clusters that the disk needs behind the end of the file, which was cut short, so parts of the disk are lost and read as zeros; get the whole file again if there is one")
	return list
}

// uses lists what the file is used for.
func (s Space) uses() (list []model.ImageUse) {
	for _, u := range []model.ImageUse{
		{What: "the disk as it is now", Bytes: geometry.Bytes(s.Data)},
		{What: "snapshots alone", Bytes: geometry.Bytes(s.Snapshots)},
		{What: "bitmaps", Bytes: geometry.Bytes(s.Bitmaps)},
		{What: "the format's own tables", Bytes: geometry.Bytes(s.Format)},
		{What: "leaked clusters", Bytes: geometry.Bytes(s.Leaked)},
	} {
		if u.Bytes > 0 {
			list = append(list, u)
		}
	}
	return list
}

// unread names what keeps other programs from opening the image.
func (im *Image) unread() (list []string) {
	if im.Compression == "zstd" {
		list = append(list, "QEMU before 5.1 and readers that only know zlib (it is compressed with zstd)")
	}
	if im.Extended {
		list = append(list, "QEMU before 5.2 and most other readers (it has extended L2 entries)")
	}
	if im.Version == 3 {
		list = append(list, "QEMU before 1.1 and readers that only know version 2")
	}
	return list
}
