// Package enlarge plans what people want most of an image: that its root file system gets larger or smaller, and the image
// with it. It finds the root (root.go) and the operations that lead there (plan.go, place.go). It is pure: the
// same disk and the same texts give the same plan. The plan is an ordinary queue.
//
// Invariants: nothing in front of the root changes. What lies behind it moves, and keeps its size, its number and its
// contents. Only the root and the image change their sizes.
package enlarge

import (
	"fmt"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/fstab"
)

// Rank says why a partition is taken for the root. A lower rank is the better reason.
type Rank int

// The ranks, the best first.
const (
	ByChoice Rank = iota // the user named it
	ByCover              // it covers a disk without a table
	ByType               // its type in the table says so
	ByFstab              // its own /etc/fstab says so
	BySize               // it is the largest that can grow
)

// String returns words that follow the name of a partition: "its type says so".
func (r Rank) String() string {
	switch r {
	case ByChoice:
		return "as you said"
	case ByCover:
		return "the file system on the disk"
	case ByType:
		return "its type says that it is the root"
	case ByFstab:
		return "its own /etc/fstab says that it is the root"
	case BySize:
		return "the largest that can grow"
	}
	return "unknown"
}

// Roots are the partitions that are taken for the root, all of one rank. If there are several, nobody but the user can say
// which one is meant. Part 0 is the file system that covers a disk without a table.
type Roots struct {
	Rank  Rank
	Parts []model.PartID
}

// Find returns the partitions of the best rank. fstabs returns the texts of all /etc/fstab in a partition; it is only called
// if it matters. The error is a *ops.Refusal if nothing there can be the root.
func Find(d model.Disk, env ops.Env, fstabs func(model.Partition) []string) (Roots, error) {
	if d.Table.Kind == model.TableNone {
		if !d.Whole.Known() {
			return Roots{}, none("there is neither a partition table nor a file system on the disk")
		}
		return Roots{ByCover, []model.PartID{0}}, nil
	}
	typed := func(p model.Partition) bool { return d.Table.Kind == model.TableGPT && model.IsRoot(p.Type) }
	named := func(p model.Partition) bool { return p.FS.Kind.HoldsRoot() && fstab.NamesItself(p, fstabs(p)) }
	for _, r := range []struct {
		rank Rank
		is   func(model.Partition) bool
	}{{ByType, typed}, {ByFstab, named}} {
		if found := every(d, r.is); len(found) > 0 {
			return Roots{r.rank, found}, nil
		}
	}
	largest := geometry.Sector(0)
	growing := func(p model.Partition) bool { return mayBeRoot(d, env, p) }
	for p := range d.Each() {
		if growing(p) {
			largest = max(largest, p.Span.Len())
		}
	}
	found := every(d, func(p model.Partition) bool { return growing(p) && p.Span.Len() == largest })
	if len(found) == 0 {
		return Roots{}, none("no partition holds a file system that can grow")
	}
	return Roots{BySize, found}, nil
}

// every returns the partitions for which is returns true.
func every(d model.Disk, is func(model.Partition) bool) []model.PartID {
	var list []model.PartID
	for p := range d.Each() {
		if p.Role != model.Extended && is(p) {
			list = append(list, p.ID)
		}
	}
	return list
}

// mayBeRoot reports whether p can be the root if only its size speaks for it. A missing program is no reason against it: the
// edit is then refused, and the refusal names the program. Nor is a disk that was cut off, where nothing can grow before the disk.
func mayBeRoot(d model.Disk, env ops.Env, p model.Partition) bool {
	if !p.FS.Known() || p.FS.Kind.MadeAnew() || !p.FS.Kind.Grows() || model.IsRecovery(p.Type) || p.Pinned ||
		model.HasFlag(d.Table.Kind, p, model.FlagESP) {
		return false
	}
	return d.Needs() > 0 || ops.Limit(d, env, p.ID).Grow.OK() || len(env.Caps.Of(p.FS.Kind).Missing) > 0
}

func none(why model.Reason) error {
	return &ops.Refusal{What: "find the root file system", Reason: why, Nearest: "name its partition with --partition"}
}

// Doubt says that several partitions could be the root.
type Doubt struct {
	Roots
	Refs []string // names of the partitions for people, with what they hold
}

// DoubtOf returns a *Doubt if the roots are several, else nil.
func DoubtOf(d model.Disk, r Roots) error {
	if len(r.Parts) < 2 {
		return nil
	}
	doubt := &Doubt{Roots: r}
	for _, id := range r.Parts {
		p, _ := d.Partition(id)
		doubt.Refs = append(doubt.Refs, Named(d, p))
	}
	return doubt
}

func (e *Doubt) Error() string {
	return fmt.Sprintf("several partitions can be the root (each: %s): %s. Say which one with --partition", e.Rank,
		strings.Join(e.Refs, ", "))
}

// Named names a partition for people: `p2 (ext4, "root", 1.00 GiB)`.
func Named(d model.Disk, p model.Partition) string {
	words := []string{p.FS.Word()}
	if p.FS.Label != "" {
		words = append(words, fmt.Sprintf("%q", p.FS.Label))
	}
	words = append(words, geometry.FormatBytes(d.SectorSize.Bytes(p.Span.Len())))
	return p.Ref() + " (" + strings.Join(words, ", ") + ")"
}
