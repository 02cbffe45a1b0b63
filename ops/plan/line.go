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

// line reads the words of one line, from left to right.
type line struct {
	words []word    // not read yet
	end   int       // column behind the last word
	q     ops.Queue // what the line will be staged on
	align geometry.Alignment
}

// disk is the disk the line applies to.
func (l *line) disk() model.Disk { return l.q.Preview() }

// next takes the next word; what and allowed describe it for the case that there is none.
func (l *line) next(what, allowed string) (word, error) {
	if len(l.words) == 0 {
		return word{}, &Error{Col: l.end, Msg: fmt.Sprintf("%s is missing: use %s", what, allowed)}
	}
	w := l.words[0]
	l.words = l.words[1:]
	return w, nil
}

// more reports whether the next word is this one, and takes it if so.
func (l *line) more(word string) bool {
	if len(l.words) == 0 || l.words[0].quoted || l.words[0].text != word {
		return false
	}
	l.words = l.words[1:]
	return true
}

// finish makes sure that every word was read.
func (l *line) finish() error {
	if len(l.words) == 0 {
		return nil
	}
	return unexpected(l.words[0], "expected here", "nothing more, or start a comment with #")
}

func unexpected(w word, what, allowed string) error {
	return &Error{Col: w.col, Msg: fmt.Sprintf("%q is not %s: use %s", w.text, what, allowed)}
}

// property takes the next word, which has to be "key=value" with one of the keys, and enters the key among those that were
// seen. what and allowed describe it for the case that it is something else.
func (l *line) property(seen map[string]bool, what, allowed string, keys ...string) (key string, value word, err error) {
	w, err := l.next("a property", allowed)
	if err != nil {
		return "", w, err
	}
	key, text, ok := strings.Cut(w.text, "=")
	if !ok || !slices.Contains(keys, key) {
		return "", w, unexpected(w, what, allowed)
	}
	return key, word{text: text, col: w.col}, once(seen, key, key+"=", w)
}

// once enters a property among those that were seen, and refuses the second one of its kind at w.
func once(seen map[string]bool, key, name string, w word) error {
	if seen[key] {
		return &Error{Col: w.col, Msg: fmt.Sprintf("%s is given twice: leave one", name)}
	}
	seen[key] = true
	return nil
}

// role reads one of the roles; what describes it.
func (w word) role(what string, roles ...model.Role) (model.Role, error) {
	words := make([]string, len(roles))
	for i, role := range roles {
		if words[i] = role.String(); words[i] == w.text {
			return role, nil
		}
	}
	return 0, unexpected(w, what, either(words))
}

// either lists words to choose from: "primary, extended or logical".
func either(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// partition reads a partition number; "p2" is as good as "2".
func (l *line) partition() (model.Partition, error) {
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
		return p, &Error{Col: w.col, Msg: fmt.Sprintf("there is no partition %d at this point: use %s", n, l.numbers())}
	}
	return p, nil
}

// numbers lists the partition numbers there are, for messages.
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

// size reads a size, rounded up to whole sectors.
func (l *line) size(what string) (geometry.Sector, error) {
	w, err := l.next(what, "a size with a unit such as 1.5GiB")
	if err != nil {
		return 0, err
	}
	return l.sizeOf(w)
}

func (l *line) sizeOf(w word) (geometry.Sector, error) {
	z := l.disk().SectorSize
	b, err := geometry.ParseSize(w.text, z)
	if err != nil {
		return 0, &Error{Col: w.col, Msg: err.Error(), Err: err}
	}
	if b == 0 {
		return 0, &Error{Col: w.col, Msg: fmt.Sprintf("size %q is nothing: use one sector or more", w.text)}
	}
	return z.Up(b), nil
}

// delta reads a signed size, its magnitude rounded up to whole sectors.
func (l *line) delta() (geometry.Sector, error) {
	w, err := l.next("the change", "a size with a sign such as +500MiB")
	if err != nil {
		return 0, err
	}
	z := l.disk().SectorSize
	b, err := geometry.ParseDelta(w.text, z)
	if err != nil {
		return 0, &Error{Col: w.col, Msg: err.Error(), Err: err}
	}
	if b < 0 {
		return -z.Up(-b), nil
	}
	return z.Up(b), nil
}

// offset reads a position on the disk. In sectors it is exact; in other units it is put on the grid.
func (l *line) offset() (geometry.Sector, error) {
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
