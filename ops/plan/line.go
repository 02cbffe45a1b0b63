package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// line reads the words of a line from left to right. After the first error it returns only zero values.
type line struct {
	words []word    // not read yet
	end   int       // column behind the last word
	q     ops.Queue // the queue on which the line will be staged
	align geometry.Alignment
	seen  map[string]bool // the properties that were read: "at", "fs="
	offer *offering       // what can come at the end of the words, for Next; nil if nobody asks
	err   error
}

// disk returns the disk to which the line applies.
func (l *line) disk() model.Disk { return l.q.Preview() }

// fail records an error, unless there is one already.
func (l *line) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

// wrong records an error at a word.
func (l *line) wrong(w word, format string, a ...any) {
	l.fail(&Error{Col: w.col, Msg: fmt.Sprintf(format, a...)})
}

// unexpected records that a word is not what must be there. allowed says what may be there.
func (l *line) unexpected(w word, what, allowed string) {
	l.wrong(w, "%q is not %s: use %s", w.text, what, allowed)
}

// next returns the next word. what and allowed are for the error if there is none.
func (l *line) next(what, allowed string) word {
	if len(l.words) == 0 {
		l.wrong(word{col: l.end}, "%s is missing: use %s", what, allowed)
	}
	if l.err != nil {
		return word{col: l.end}
	}
	w := l.words[0]
	l.words = l.words[1:]
	return w
}

// choice returns the next word, which must be one of the choices. missing is for the error if there is none, and what for
// the error if the word is another.
func (l *line) choice(missing, what string, choices ...string) string {
	l.canFollow(choices...)
	allowed := either(choices)
	w := l.next(missing, allowed)
	if !slices.Contains(choices, w.text) {
		l.unexpected(w, what, allowed)
	}
	return w.text
}

// more reports whether the next word is this one, and if so skips it.
func (l *line) more(word string) bool {
	l.canFollow(word)
	if l.err != nil || len(l.words) == 0 || l.words[0].quoted || l.words[0].text != word {
		return false
	}
	l.words = l.words[1:]
	return true
}

// finish records an error if words are left.
func (l *line) finish() error {
	if len(l.words) > 0 {
		l.unexpected(l.words[0], "expected here", "nothing more, or start a comment with #")
	}
	return l.err
}

// properties parses the rest of the line as properties: "fs=VALUE", or only the key if the key has no "=". Each key may
// occur once. what and allowed are for the error at any other word.
func (l *line) properties(what, allowed string, set func(key string, value word), keys ...string) {
	for l.err == nil && len(l.words) > 0 {
		w := l.next("a property", allowed)
		key, text, ok := strings.Cut(w.text, "=")
		name := key
		if ok {
			name += "="
		}
		if !slices.Contains(keys, name) || !ok && w.quoted {
			l.unexpected(w, what, allowed)
			return
		}
		l.once(name, w)
		set(key, word{text: text, col: w.col})
	}
	for _, key := range keys {
		if !l.seen[key] {
			l.canFollow(key)
		}
	}
}

// once records an error if a property occurs twice, at w.
func (l *line) once(name string, w word) {
	if l.seen[name] {
		l.wrong(w, "%s is given twice: leave one", name)
	}
	l.seen[name] = true
}

// role parses one of the roles.
func (l *line) role(w word, what string, roles ...model.Role) model.Role {
	words := make([]string, len(roles))
	for i, role := range roles {
		if words[i] = role.String(); words[i] == w.text {
			return role
		}
	}
	l.canComplete(w, words...)
	l.unexpected(w, what, either(words))
	return 0
}

// either formats a choice of words: "primary, extended or logical".
func either(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// partition parses a partition number: "2" or "p2".
func (l *line) partition() model.Partition {
	l.partitionsFollow()
	w := l.next("a partition number", l.numbers())
	n, err := strconv.Atoi(strings.TrimPrefix(w.text, "p"))
	if err != nil {
		l.unexpected(w, "a partition number", l.numbers())
	}
	p, ok := l.disk().ByNumber(n)
	if !ok {
		l.wrong(w, "there is no partition %d at this point: use %s", n, l.numbers())
	}
	return p
}

// contents reads what can be checked and labelled: a partition number, or 0 for the file system that covers the disk.
func (l *line) contents() model.PartID {
	if len(l.words) > 0 && (l.words[0].text == "0" || l.words[0].text == "p0") {
		if whole, ok := l.disk().Partition(0); ok {
			l.words = l.words[1:]
			return whole.ID
		}
	}
	if l.disk().Table.Kind == model.TableNone {
		l.canFollow("0")
	}
	return l.partition().ID
}

// numbers lists the numbers of the existing partitions, for errors.
func (l *line) numbers() string {
	var list []string
	for _, p := range l.disk().Partitions() {
		list = append(list, strconv.Itoa(p.Number))
	}
	if len(list) == 0 {
		return "new to make a partition first"
	}
	return strings.Join(list, ", ")
}

// size parses a size and rounds it up to whole sectors.
func (l *line) size(what string) geometry.Sector {
	return l.sizeOf(l.next(what, "a size with a unit such as 1.5GiB"))
}

func (l *line) sizeOf(w word) geometry.Sector {
	b, err := geometry.ParseSize(w.text, l.disk().SectorSize)
	switch {
	case err != nil:
		l.fail(&Error{Col: w.col, Msg: err.Error(), Err: err})
	case b == 0:
		l.wrong(w, "size %q is nothing: use one sector or more", w.text)
	}
	return l.disk().SectorSize.Up(b)
}

// newSize parses the new size of what has now sectors: a size without a sign is the new size, one with a sign is the
// difference to the present size.
func (l *line) newSize(what string, now geometry.Sector) geometry.Sector {
	if !l.at("+-") {
		return l.size(what)
	}
	w := l.words[0]
	by := l.change()
	if l.err == nil && now+by <= 0 {
		l.wrong(w, "%s leaves nothing of %s", w.text, geometry.FormatBytes(l.disk().SectorSize.Bytes(now)))
	}
	return now + by
}

// at reports whether the next word begins with one of the characters.
func (l *line) at(first string) bool {
	return len(l.words) > 0 && !l.words[0].quoted && strings.IndexAny(l.words[0].text, first) == 0
}

// atSize reports whether a size comes next, without a word that says what it is for.
func (l *line) atSize() bool { return l.at("+-0123456789") }

// change parses a size with a sign and rounds its magnitude up to whole sectors.
func (l *line) change() geometry.Sector {
	w, z := l.next("the change", "a size with a sign such as +500MiB"), l.disk().SectorSize
	b, err := geometry.ParseDelta(w.text, z)
	if err != nil {
		l.fail(&Error{Col: w.col, Msg: err.Error(), Err: err})
	}
	if b < 0 {
		return -z.Up(-b)
	}
	return z.Up(b)
}

// offset parses a position on the disk. A position in sectors is exact; any other is rounded to the grid.
func (l *line) offset() geometry.Sector {
	w := l.next("the offset", "an offset with a unit such as 2049MiB")
	at, z := l.sizeOf(w), l.disk().SectorSize
	if strings.HasSuffix(strings.ToLower(w.text), "s") {
		return at
	}
	if grid := l.align.Nearest(at, z); grid > 0 {
		return grid
	}
	return l.align.Up(at, z)
}
