package tui_test

import (
	"path"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/tried"
	"shunt/ops/report"
)

// Files stands in for what lies near a picker.
type Files struct {
	// Dirs are the entries of directories by their absolute names.
	Dirs map[string][]report.Candidate
	// Looks are what a look into a candidate tells, by its path.
	Looks          map[string]report.Summary
	Recents, Nodes []report.Candidate
	// First says that nobody was told yet how to begin.
	First bool
	// Kept lists the settings that were kept.
	Kept []report.Settings
	// Deeds is what History lists, and Remembered are the plan files that were used.
	Deeds      []report.Deed
	Remembered []string
}

// List is the directory in Dirs; a relative name is taken to begin at "/".
func (f *Files) List(dir string) (string, []report.Candidate, error) {
	dir = path.Clean("/" + dir)
	list, ok := f.Dirs[dir]
	if !ok {
		return dir, nil, tried.Errorf("open %s: no such file or directory", dir)
	}
	return dir, list, nil
}

// BlockDevices is Nodes.
func (f *Files) BlockDevices() []report.Candidate { return f.Nodes }

// Recent is Recents.
func (f *Files) Recent() []report.Candidate { return f.Recents }

// Summarize is what Looks has.
func (f *Files) Summarize(paths []string) []report.Summary {
	list := make([]report.Summary, len(paths))
	for i, path := range paths {
		list[i] = f.Looks[path]
		list[i].Path = path
	}
	return list
}

// History is Deeds.
func (f *Files) History(string) []report.Deed { return f.Deeds }

// Plans is what RememberPlan was called with, the newest first.
func (f *Files) Plans() []string { return f.Remembered }

// RememberPlan notes a path.
func (f *Files) RememberPlan(path string) { f.Remembered = append([]string{path}, f.Remembered...) }

// Keep notes the settings.
func (f *Files) Keep(s report.Settings) { f.Kept = append(f.Kept, s) }

// Greet is First, once.
func (f *Files) Greet() bool {
	first := f.First
	f.First = false
	return first
}

// Images is a directory of images of many kinds, with devices and recent targets beside it.
func Images() Files {
	const mib, gib = geometry.MiB, geometry.GiB
	f := Files{Dirs: map[string][]report.Candidate{}, Looks: map[string]report.Summary{}}
	add := func(dir, name string, kind report.CandidateKind, g report.Summary) {
		c := report.Candidate{Name: name, Path: path.Join(dir, name), Kind: kind, Size: g.Size, Likely: kind == report.CandidateFile && g.Image}
		f.Dirs[dir] = append(f.Dirs[dir], c)
		f.Looks[c.Path] = g
	}
	raw := func(name string, g report.Summary) {
		g.Image = true
		if g.Format == "" {
			g.Format = "raw"
		}
		add("/images", name, report.CandidateFile, g)
	}
	raw(".hidden.img", report.Summary{Size: 64 * mib, Whole: model.Ext4})
	raw("blank.img", report.Summary{Size: 512 * mib, Blank: true})
	raw("card.img", report.Summary{Size: 1000 * mib, Table: model.TableMBR, Parts: 4})
	raw("home partition of the old laptop, before the move.raw", report.Summary{Size: 200 * gib, Whole: model.Ext4})
	raw("server.qcow2", report.Summary{
		Size: 3 * gib, Format: "qcow2",
		Cannot: "this version cannot edit qcow2 files: convert it first: `qemu-img convert -f qcow2 -O raw /images/server.qcow2 /images/server.qcow2.raw`",
	})
	raw("stick.raw", report.Summary{Size: 966 * mib, Table: model.TableMBR, Parts: 2})
	raw("vm.raw", report.Summary{Size: 16 * gib, Table: model.TableGPT, Parts: 7, Use: "a virtual machine, qemu-system-x86_64 (pid 4711)"})
	raw("mounted.img", report.Summary{Size: 8 * gib, Table: model.TableGPT, Parts: 1, Use: "loop device /dev/loop1, mounted at /mnt"})
	raw("open.img", report.Summary{Size: 8 * gib, Table: model.TableGPT, Parts: 3, Own: true})
	raw("secret.img", report.Summary{Format: "raw", Size: mib, Cannot: "permission denied"})
	add("/images", "old", report.CandidateDir, report.Summary{})
	add("/images", "notes.txt", report.CandidateFile, report.Summary{Size: 3000, Format: "raw"})
	add("/images", "list.csv", report.CandidateFile, report.Summary{Size: 900, Format: "raw"})
	add("/images/old", "stock.raw", report.CandidateFile, report.Summary{Size: 4 * gib, Format: "raw", Table: model.TableGPT, Image: true})
	f.Dirs["/"] = []report.Candidate{{Name: "images", Path: "/images", Kind: report.CandidateDir}, {Name: "home", Path: "/home", Kind: report.CandidateDir}}
	for _, g := range []report.Summary{
		{Path: "/dev/loop0", Size: 4 * gib, Format: "loop device", Table: model.TableGPT, Parts: 3, Back: "/images/attached.raw", Image: true},
		{Path: "/dev/loop1", Size: 8 * gib, Format: "loop device", Table: model.TableGPT, Parts: 1, Back: "/images/mounted.img", Use: "mounted at /mnt", PartsUsed: true, Image: true},
	} {
		f.Nodes = append(f.Nodes, report.Candidate{Name: g.Path, Path: g.Path, Kind: report.CandidateDevice})
		f.Looks[g.Path] = g
	}
	for _, name := range []string{"/images/stick.raw", "/home/me/images/of many/machines/in a deep directory/web server.raw"} {
		f.Recents = append(f.Recents, report.Candidate{Name: name, Path: name, Likely: true})
	}
	f.Looks[f.Recents[1].Path] = report.Summary{Size: 2 * gib, Format: "raw", Table: model.TableGPT, Parts: 2, Image: true}
	return f
}
