package tuitest

import (
	"fmt"
	"path"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// Files stands in for what lies near a picker.
type Files struct {
	// Dirs are the entries of directories by their absolute names.
	Dirs map[string][]ops.Candidate
	// Looks are what a look into a candidate tells, by its path.
	Looks          map[string]ops.Glimpse
	Recents, Nodes []ops.Candidate
	// First says that nobody was told yet how to begin.
	First bool
}

// List is the directory in Dirs; a relative name is taken to begin at "/".
func (f *Files) List(dir string) (string, []ops.Candidate, error) {
	dir = path.Clean("/" + dir)
	list, ok := f.Dirs[dir]
	if !ok {
		return dir, nil, fmt.Errorf("open %s: no such file or directory", dir)
	}
	return dir, list, nil
}

// BlockDevices is Nodes.
func (f *Files) BlockDevices() []ops.Candidate { return f.Nodes }

// Recent is Recents.
func (f *Files) Recent() []ops.Candidate { return f.Recents }

// Glance is what Looks has.
func (f *Files) Glance(paths []string) []ops.Glimpse {
	list := make([]ops.Glimpse, len(paths))
	for i, path := range paths {
		list[i] = f.Looks[path]
		list[i].Path = path
	}
	return list
}

// Greet is First, once.
func (f *Files) Greet() bool {
	first := f.First
	f.First = false
	return first
}

// Images is a directory of images of many kinds, with devices and recent targets beside it.
func Images() Files {
	const mib, gib = geometry.MiB, geometry.GiB
	f := Files{Dirs: map[string][]ops.Candidate{}, Looks: map[string]ops.Glimpse{}}
	add := func(dir, name string, kind ops.CandidateKind, g ops.Glimpse) {
		c := ops.Candidate{Name: name, Path: path.Join(dir, name), Kind: kind, Size: g.Size, Likely: kind == ops.CandidateFile && g.Image}
		f.Dirs[dir] = append(f.Dirs[dir], c)
		f.Looks[c.Path] = g
	}
	raw := func(name string, g ops.Glimpse) {
		g.Image = true
		if g.Format == "" {
			g.Format = "raw"
		}
		add("/images", name, ops.CandidateFile, g)
	}
	raw(".hidden.img", ops.Glimpse{Size: 64 * mib, Whole: model.Ext4})
	raw("blank.img", ops.Glimpse{Size: 512 * mib})
	raw("card.img", ops.Glimpse{Size: 1000 * mib, Table: model.TableMBR, Parts: 4})
	raw("home partition of the old laptop, before the move.raw", ops.Glimpse{Size: 200 * gib, Whole: model.Ext4})
	raw("server.qcow2", ops.Glimpse{
		Size: 3 * gib, Format: "qcow2",
		Cannot: "this version cannot edit qcow2 files: convert it first: `qemu-img convert -f qcow2 -O raw /images/server.qcow2 /images/server.qcow2.raw`",
	})
	raw("stick.raw", ops.Glimpse{Size: 966 * mib, Table: model.TableMBR, Parts: 2})
	raw("vm.raw", ops.Glimpse{Size: 16 * gib, Table: model.TableGPT, Parts: 7, Use: "a virtual machine, qemu-system-x86_64 (pid 4711)"})
	raw("mounted.img", ops.Glimpse{Size: 8 * gib, Table: model.TableGPT, Parts: 1, Use: "loop device /dev/loop1, mounted at /mnt"})
	raw("open.img", ops.Glimpse{Size: 8 * gib, Table: model.TableGPT, Parts: 3, Own: true})
	raw("secret.img", ops.Glimpse{Format: "raw", Size: mib, Cannot: "permission denied"})
	add("/images", "old", ops.CandidateDir, ops.Glimpse{})
	add("/images", "notes.txt", ops.CandidateFile, ops.Glimpse{Size: 3000, Format: "raw"})
	add("/images", "list.csv", ops.CandidateFile, ops.Glimpse{Size: 900, Format: "raw"})
	add("/images/old", "stock.raw", ops.CandidateFile, ops.Glimpse{Size: 4 * gib, Format: "raw", Table: model.TableGPT, Image: true})
	f.Dirs["/"] = []ops.Candidate{{Name: "images", Path: "/images", Kind: ops.CandidateDir}, {Name: "home", Path: "/home", Kind: ops.CandidateDir}}
	for _, g := range []ops.Glimpse{
		{Path: "/dev/loop0", Size: 4 * gib, Format: "loop device", Table: model.TableGPT, Parts: 3, Back: "/images/attached.raw", Image: true},
		{Path: "/dev/loop1", Size: 8 * gib, Format: "loop device", Table: model.TableGPT, Parts: 1, Back: "/images/mounted.img", Use: "mounted at /mnt", PartsUsed: true, Image: true},
	} {
		f.Nodes = append(f.Nodes, ops.Candidate{Name: g.Path, Path: g.Path, Kind: ops.CandidateDevice})
		f.Looks[g.Path] = g
	}
	for _, name := range []string{"/images/stick.raw", "/home/me/images/of many/machines/in a deep directory/web server.raw"} {
		f.Recents = append(f.Recents, ops.Candidate{Name: name, Path: name, Likely: true})
	}
	f.Looks[f.Recents[1].Path] = ops.Glimpse{Size: 2 * gib, Format: "raw", Table: model.TableGPT, Parts: 2, Image: true}
	return f
}
