package ops

import (
	"fmt"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/model"
)

// planLine reads the words of one line, from left to right.
type planLine struct {
	words []planWord // not read yet
	end   int        // column behind the last word
	q     Queue      // what the line will be staged on
	align geometry.Alignment
}

// operations reads everything behind the first word.
func (l *planLine) operations(first planWord) ([]Operation, error) {
	switch {
	case first.text == "room":
		return l.room()
	case first.text == "image" && l.more("min"):
		return l.rooms(0, 0)
	}
	op, err := l.operation(first)
	return []Operation{op}, err
}

// operation is operations for the words that stand for one.
func (l *planLine) operation(first planWord) (Operation, error) {
	switch first.text {
	case "image":
		return l.image()
	case "move":
		return l.move()
	case "resize":
		return l.resize()
	case "grow":
		return l.grow()
	case "new":
		return l.newPartition()
	case "delete":
		p, err := l.partition()
		return Delete{ID: p.ID}, err
	case "check":
		p, err := l.partition()
		return Check{ID: p.ID}, err
	case "copy":
		return l.copy()
	case "format":
		return l.format()
	case "label":
		return l.label()
	case "name":
		return l.name()
	case "type":
		return l.partType()
	case "flag":
		return l.flag()
	case "uuid":
		return l.uuid()
	case "table":
		return l.table()
	}
	return nil, unexpected(first, "an operation", "image, move, resize, grow, room, new, delete, check, copy, format, label, name, type, flag, uuid or table")
}

// disk is the disk the line applies to.
func (l *planLine) disk() model.Disk { return l.q.Preview() }

// next takes the next word; what and allowed describe it for the case that there is none.
func (l *planLine) next(what, allowed string) (planWord, error) {
	if len(l.words) == 0 {
		return planWord{}, &PlanError{Col: l.end, Msg: fmt.Sprintf("%s is missing: use %s", what, allowed)}
	}
	w := l.words[0]
	l.words = l.words[1:]
	return w, nil
}

// more reports whether the next word is this one, and takes it if so.
func (l *planLine) more(word string) bool {
	if len(l.words) == 0 || l.words[0].quoted || l.words[0].text != word {
		return false
	}
	l.words = l.words[1:]
	return true
}

// finish makes sure that every word was read.
func (l *planLine) finish() error {
	if len(l.words) == 0 {
		return nil
	}
	return unexpected(l.words[0], "expected here", "nothing more, or start a comment with #")
}

func unexpected(w planWord, what, allowed string) error {
	return &PlanError{Col: w.col, Msg: fmt.Sprintf("%q is not %s: use %s", w.text, what, allowed)}
}

// partition reads a partition number; "p2" is as good as "2".
func (l *planLine) partition() (model.Partition, error) {
	w, err := l.next("a partition number", l.numbers())
	if err != nil {
		return model.Partition{}, err
	}
	n, err := strconv.Atoi(strings.TrimPrefix(w.text, "p"))
	if err != nil {
		return model.Partition{}, unexpected(w, "a partition number", l.numbers())
	}
	p, ok := l.disk().ByNumber(n)
	if !ok {
		return p, &PlanError{Col: w.col, Msg: fmt.Sprintf("there is no partition %d at this point: use %s", n, l.numbers())}
	}
	return p, nil
}

// numbers lists the partition numbers there are, for messages.
func (l *planLine) numbers() string {
	var list []string
	for _, p := range l.disk().Partitions() {
		list = append(list, strconv.Itoa(p.Number))
	}
	if len(list) == 0 {
		return "new to make a partition first"
	}
	return strings.Join(list, ", ")
}

// size reads a size, rounded up to whole sectors.
func (l *planLine) size(what string) (geometry.Sector, error) {
	w, err := l.next(what, "a size with a unit such as 1.5GiB")
	if err != nil {
		return 0, err
	}
	return l.sizeOf(w)
}

func (l *planLine) sizeOf(w planWord) (geometry.Sector, error) {
	z := l.disk().SectorSize
	b, err := geometry.ParseSize(w.text, z)
	if err != nil {
		return 0, &PlanError{Col: w.col, Msg: err.Error(), Err: err}
	}
	if b == 0 {
		return 0, &PlanError{Col: w.col, Msg: fmt.Sprintf("size %q is nothing: use one sector or more", w.text)}
	}
	return z.Up(b), nil
}

// delta reads a signed size, its magnitude rounded up to whole sectors.
func (l *planLine) delta() (geometry.Sector, error) {
	w, err := l.next("the change", "a size with a sign such as +500MiB")
	if err != nil {
		return 0, err
	}
	z := l.disk().SectorSize
	b, err := geometry.ParseDelta(w.text, z)
	if err != nil {
		return 0, &PlanError{Col: w.col, Msg: err.Error(), Err: err}
	}
	if b < 0 {
		return -z.Up(-b), nil
	}
	return z.Up(b), nil
}

// offset reads a position on the disk. In sectors it is exact; in other units it is put on the grid.
func (l *planLine) offset() (geometry.Sector, error) {
	w, err := l.next("the offset", "an offset with a unit such as 2049MiB")
	if err != nil {
		return 0, err
	}
	at, err := l.sizeOf(w)
	if err != nil || strings.HasSuffix(strings.ToLower(w.text), "s") {
		return at, err
	}
	z := l.disk().SectorSize
	if grid := l.align.Nearest(at, z); grid > 0 {
		return grid, nil
	}
	return l.align.Up(at, z), nil
}
