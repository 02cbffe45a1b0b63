package image

import (
	"cmp"
	"slices"
	"time"

	"shunt/geometry"
	"shunt/model/safetext"
	"shunt/ops/report"
)

// mostChanges limits each list of files.
const mostChanges = 1000

// files adds to out which files of two file systems differ.
func (d *differ) files(r region, out *report.AreaDiff) {
	d.tell("listing the files in " + r.name)
	var trees [2]report.Tree
	for i := range trees {
		tree, err := d.sides[i].Tree(d.ctx, r.id[i])
		if err != nil {
			out.NoFiles = safetext.Printable(err.Error())
			return
		}
		trees[i] = tree
	}
	out.Files = compareTrees(trees[0], trees[1])
}

// compareTrees compares the files of two file systems by path, kind, size, date, and what links lead to. Directories have no
// size and no date here: those change with what is in them.
func compareTrees(a, b report.Tree) *report.FileDiff {
	f := &report.FileDiff{Added: []report.FileEntry{}, Removed: []report.FileEntry{}, Changed: []report.FileChange{}, Partly: a.More || b.More}
	was := make(map[string]report.FileEntry, len(a.Entries))
	for _, e := range a.Entries {
		was[e.Exact()] = e
	}
	for _, e := range b.Entries {
		old, there := was[e.Exact()]
		delete(was, e.Exact())
		switch {
		case !there && !a.More:
			f.Total++
			f.Added = append(f.Added, e)
		case there && changed(old, e):
			f.Total++
			f.Changed = append(f.Changed, report.FileChange{
				Path: e.Name, Kind: [2]string{string(old.Kind), string(e.Kind)}, Modified: [2]time.Time{old.Modified, e.Modified},
				Size: [2]geometry.Bytes{old.Size, e.Size},
			})
		}
	}
	if !b.More {
		for _, e := range was {
			f.Total++
			f.Removed = append(f.Removed, e)
		}
	}
	byName := func(x, y report.FileEntry) int { return cmp.Compare(x.Name, y.Name) }
	slices.SortFunc(f.Added, byName)
	slices.SortFunc(f.Removed, byName)
	slices.SortFunc(f.Changed, func(x, y report.FileChange) int { return cmp.Compare(x.Path, y.Path) })
	f.Added = f.Added[:min(len(f.Added), mostChanges)]
	f.Removed = f.Removed[:min(len(f.Removed), mostChanges)]
	f.Changed = f.Changed[:min(len(f.Changed), mostChanges)]
	return f
}

func changed(a, b report.FileEntry) bool {
	if a.Kind != b.Kind {
		return true
	}
	return a.Kind != report.FileDirectory && (a.Size != b.Size || !a.Modified.Equal(b.Modified) || a.Target != b.Target)
}
