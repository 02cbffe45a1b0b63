package fsys

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/ops/report"
)

// A tree is every file and directory of a file system by its path, which begins with "/".
type tree map[string]node

// node is one file or directory.
type node struct {
	id   int64 // the same under another path: the inode, or the first cluster; 0 if nothing identifies it
	kind report.FileKind
	size geometry.Bytes // 0 for all but files
	// blocks is a hash of the places of its content, or 0 if they are not known. Repairs correct what leads to the content
	// of a file, never the content. So a file with the same hash and the same size has the same content.
	blocks uint64
}

// A placeHash sums up where the content of a file lies.
type placeHash struct{ sum uint64 }

func (h *placeHash) add(text string) {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a
	if h.sum == 0 {
		h.sum = offset
	}
	for _, c := range []byte(text) {
		h.sum = (h.sum ^ uint64(c)) * prime
	}
}

// mostNodes bounds the memory that a tree takes.
const mostNodes = 500_000

// add enters a node. It fails if the tree is full.
func (t tree) add(at string, n node) error {
	if len(t) == mostNodes {
		return fmt.Errorf("there are more than %d files", mostNodes)
	}
	n.size = max(n.size, 0)
	t[at] = n
	return nil
}

// A walker lists all files of the job's file system, as far as they can be reached. It must end on any bytes.
type walker func(j job, ctx context.Context) (tree, error)

// files lists all files of the job's file system.
func (j job) files(ctx context.Context) (tree, error) {
	if j.driver.walk == nil {
		return nil, errors.New("shunt cannot list the files of this kind of file system for a comparison")
	}
	t, err := j.driver.walk(j, ctx)
	if err != nil {
		return nil, fmt.Errorf("its files could not be listed: %w", err)
	}
	return t, nil
}

// compare enters into r what became of the files.
func (t tree) compare(after tree, r *report.Repair) {
	found := map[int64]string{} // where what has a new path lies now
	for at, n := range after {
		if _, was := t[at]; !was && n.id != 0 {
			found[n.id] = at
		}
	}
	moved, used := map[string]string{}, map[string]bool{}
	for _, at := range slices.Sorted(maps.Keys(t)) {
		was := t[at]
		is, there := after[at]
		fate := report.FileFate{Path: at, Size: was.size}
		to, elsewhere := found[was.id]
		switch {
		case there && (is.id == was.id || is.id == 0 || was.id == 0):
			to = at
		case elsewhere && was.id != 0 && !used[to]:
			is, used[to], moved[at] = after[to], true, to
			fate.To, fate.Fate = to, report.Renamed
			if strings.HasPrefix(to, "/lost+found/") {
				fate.Fate = report.ToLost
			}
		default:
			fate.Fate = report.Deleted
			r.Add(fate)
			continue
		}
		fate.Left = is.size
		if above, ok := moved[path.Dir(at)]; ok && to == path.Join(above, path.Base(at)) {
			fate.Fate, fate.To = "", "" // it only went along with its directory
		}
		switch {
		case is.size < was.size:
			fate.Fate = report.Cut
		case is.kind != was.kind || is.size > was.size:
			fate.Fate = report.Changed
		case is.blocks != was.blocks && is.blocks != 0 && was.blocks != 0:
			fate.Fate = report.Doubtful
		case fate.Fate == "":
			r.Kept++
			continue
		}
		r.Add(fate)
	}
	for _, at := range slices.Sorted(maps.Keys(after)) {
		if _, was := t[at]; !was && !used[at] {
			r.Add(report.FileFate{Fate: report.Restored, Path: at, Size: after[at].size, Left: after[at].size})
		}
	}
}
