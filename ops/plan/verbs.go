package plan

import (
	"fmt"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops"
)

// verb is a word that begins a line.
type verb struct {
	word        string
	least, most int // fewest and most words of the line
	read        func(l *line) []ops.Operation
}

// verbs lists all verbs in the order in which errors show them. written writes what these parse.
var verbs = []verb{
	{"image", 2, 4, (*line).image},
	{"move", 4, 8, one((*line).move)},
	{"resize", 3, 5, (*line).resize},
	{"grow", 2, 2, one((*line).grow)},
	{"room", 3, 4, (*line).room},
	{"new", 2, 10, one((*line).create)},
	{"delete", 2, 2, one(func(l *line) ops.Operation { return ops.Delete{ID: l.partition().ID} })},
	{"check", 2, 2, one(func(l *line) ops.Operation { return ops.Check{ID: l.contents()} })},
	{"copy", 4, 7, one((*line).copy)},
	{"discard", 2, 2, one(func(l *line) ops.Operation { return ops.Discard{ID: l.contents()} })},
	{"format", 3, 4, one((*line).format)},
	{"label", 3, 3, one(func(l *line) ops.Operation { return ops.SetLabel{ID: l.contents(), Label: l.text("the label")} })},
	{"name", 3, 3, one(func(l *line) ops.Operation { return ops.SetName{ID: l.partition().ID, Name: l.text("the name")} })},
	{"type", 3, 3, one((*line).partType)},
	{"flag", 4, 4, one((*line).flag)},
	{"wipe", 2, 3, one((*line).wipe)},
	{"uuid", 3, 3, one((*line).uuid)},
	{"table", 2, 8, one((*line).table)},
}

// one returns the list of the one operation that a line stands for.
func one(read func(l *line) ops.Operation) func(l *line) []ops.Operation {
	return func(l *line) []ops.Operation { return []ops.Operation{read(l)} }
}

// verbOf returns the verb that begins a line.
func verbOf(first word) (verb, bool) {
	for _, v := range verbs {
		if v.word == first.text {
			return v, true
		}
	}
	return verb{}, false
}

// operations parses everything behind the first word.
func (l *line) operations(first word) ([]ops.Operation, error) {
	v, ok := verbOf(first)
	if ok {
		list := v.read(l)
		return list, l.finish()
	}
	words := make([]string, len(verbs))
	for i, v := range verbs {
		words[i] = v.word
	}
	l.unexpected(first, "an operation", either(words))
	return nil, l.err
}

// written writes an operation as one line, for the disk before the operation.
func written(op ops.Operation, d model.Disk) string {
	w := writer{disk: d}
	switch op := op.(type) {
	case ops.ImageSize:
		w.add("image", "size", w.size(op.Sectors))
		if op.Prealloc != "" {
			w.add("prealloc=" + string(op.Prealloc))
		}
	case ops.RepairImage:
		w.add("image", "repair")
	case ops.DropBitmaps:
		w.add("image", "drop-bitmaps")
	case ops.Sparsify:
		w.add("image", "sparsify")
	case ops.CreateSnapshot:
		w.add("image", "snapshot", "create", safetext.Quoted(op.Name))
	case ops.ApplySnapshot:
		w.add("image", "snapshot", "apply", safetext.Quoted(op.Snapshot.ID))
	case ops.DeleteSnapshot:
		w.add("image", "snapshot", "delete", safetext.Quoted(op.Snapshot.ID))
	case ops.Flatten:
		w.add("image", "flatten")
	case ops.Rebase:
		w.add("image", "rebase", safetext.Quoted(op.Base.Path))
		w.property("as", op.Name)
	case ops.Commit:
		w.add("image", "commit")
		w.property("from", op.Overlay.Path)
	case ops.MoveResize:
		w.move(op)
	case ops.New:
		w.create(op)
	case ops.PutBack:
		w.putBack(op)
	case ops.Delete:
		w.edit("delete", op.ID)
	case ops.Check:
		w.edit("check", op.ID)
	case ops.Discard:
		w.edit("discard", op.ID)
	case ops.Fill:
		w.fill(op)
	case ops.Copy:
		w.copy(op)
	case ops.CopyOver:
		w.copyOver(op)
	case ops.Format:
		w.format(op)
	case ops.SetLabel:
		w.edit("label", op.ID, safetext.Quoted(op.Label))
	case ops.SetName:
		w.edit("name", op.ID, safetext.Quoted(op.Name))
	case ops.SetType:
		w.edit("type", op.ID, typeWord(d.Table.Kind, op.Type))
	case ops.SetFlag:
		w.edit("flag", op.ID, string(op.Flag), onOff[op.On])
	case ops.NewUUID:
		w.edit("uuid", op.ID, newHalf[op.Half])
	case ops.Wipe:
		w.wipe(op)
	case ops.NewTable:
		w.add("table", "new", strings.ToLower(op.Kind.String()))
		if op.First != 0 {
			w.add("first-lba=" + sectors(op.First))
		}
	case ops.ProtectiveBoot:
		w.add("table", "flag", "boot", onOff[op.On])
	case ops.FirstUsable:
		w.add("table", "first-lba", sectors(op.Sector))
	case ops.MoveArray:
		w.add("table", "array", sectors(op.At))
	case ops.Hybrid:
		w.hybrid(op)
	case ops.Restore:
		w.add("table", "restore", safetext.Quoted(op.Table.String()))
	case ops.Sort:
		w.add("table", "sort")
	case ops.ResizeEntry:
		w.edit("resize", op.ID, "to", w.size(op.Len), "entry-only")
	case ops.ToGPT:
		w.add("table", "gpt")
	}
	return strings.Join(w.words, " ")
}

// writer collects the words of a line.
type writer struct {
	disk  model.Disk // the disk to which the line applies
	words []string
}

func (w *writer) add(words ...string) { w.words = append(w.words, words...) }

// edit adds the words for an edit of a partition.
func (w *writer) edit(verb string, id model.PartID, words ...string) {
	w.add(verb, w.number(id))
	w.add(words...)
}

// property adds a property, unless its text is empty.
func (w *writer) property(key, text string) {
	if text != "" {
		w.add(key + "=" + safetext.Quoted(text))
	}
}

// role adds the role of a new partition if several roles are possible.
func (w *writer) role(role model.Role) {
	if w.disk.Table.Kind == model.TableMBR {
		w.add("as=" + role.String())
	}
}

// number writes the number of a partition.
func (w *writer) number(id model.PartID) string {
	p, _ := w.disk.Partition(id)
	return strconv.Itoa(p.Number)
}

// size writes a length without loss: "1.5GiB", "483MiB", "987903s".
func (w *writer) size(n geometry.Sector) string {
	b := w.disk.SectorSize.Bytes(n)
	switch {
	case b > geometry.GiB && b%geometry.GiB == geometry.GiB/2:
		return fmt.Sprintf("%d.5GiB", b/geometry.GiB)
	case b%geometry.MiB != 0:
		return sectors(n)
	}
	return geometry.FormatExact(b, w.disk.SectorSize)
}

// distance writes a distance without loss: "1024MiB", "63s".
func (w *writer) distance(n geometry.Sector) string {
	if b := w.disk.SectorSize.Bytes(n); b%geometry.MiB == 0 {
		return fmt.Sprintf("%dMiB", b/geometry.MiB)
	}
	return sectors(n)
}

// sectors writes a position in sectors, because Parse does not round that to the grid.
func sectors(n geometry.Sector) string { return fmt.Sprintf("%ds", n) }
