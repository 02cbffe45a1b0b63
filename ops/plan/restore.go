package plan

import (
	"errors"
	"strings"

	"shunt/model/dump"
	"shunt/ops"
)

// restore parses the words behind "table restore". A written line has the whole dump, so that it means the same when the
// file is another one or gone.
func (l *line) restore() ops.Operation {
	const what, allowed = "the saved table", "from=PATH, or its text in quotes"
	if len(l.words) > 0 && l.words[0].quoted && !strings.HasPrefix(l.words[0].text, "from=") {
		w := l.next(what, allowed)
		t, err := dump.Parse(w.text)
		if err != nil {
			l.fail(&Error{Col: w.col, Msg: err.Error(), Err: err})
		}
		return ops.NewRestore(l.q, t)
	}
	var path word
	l.properties(what, allowed, func(_ string, value word) { path = value }, "from=")
	read := l.q.Env().Dump
	switch {
	case path.text == "":
		l.wrong(word{col: l.end}, "%s is missing: use %s", what, allowed)
	case read == nil:
		l.wrong(path, "no file can be read from here")
	}
	if l.err != nil || l.offer != nil {
		return nil
	}
	t, err := read(path.text)
	if err != nil {
		l.fail(&Error{Col: path.col, Msg: err.Error(), Err: errors.Unwrap(err)})
	}
	return ops.NewRestore(l.q, t)
}

// reading parses the words behind "table use". The written line has the table itself.
func (l *line) reading() ops.Operation {
	var list []ops.Reading
	if find := l.q.Env().Readings; find != nil {
		list = find()
	}
	var names []string
	for _, r := range list {
		names = append(names, r.Name)
	}
	l.canFollow(names...)
	allowed := "table restore: the table can be understood in one way only"
	if len(names) > 0 {
		allowed = either(names)
	}
	w := l.next("the reading of the table", allowed)
	for _, r := range list {
		if r.Name == w.text {
			return ops.NewRestore(l.q, r.Table)
		}
	}
	l.unexpected(w, "a reading of the table", allowed)
	return nil
}
