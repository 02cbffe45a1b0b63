package tui

import (
	"path/filepath"
	"slices"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/widget"
)

// docState says how far a target has got.
type docState int

const (
	docOpening docState = iota
	docOpen
	docRefused // it could not be opened
	docLost    // it was open, and could not be read again after a run
)

// document is one target with its queue and where the user is in it. It is a value.
type document struct {
	path  string
	gen   int // of the messages that belong to it
	seen  int // how often it was read: what was asked before another reading counts no more
	state docState
	err   error
	// opening is what is being done to open it, in words, "" until that takes a while.
	opening string
	target  Target
	facts   report.Facts
	queue   ops.Queue
	// unfinished is the interrupted transaction that has to be dealt with first, or nil.
	unfinished *report.Unfinished
	run        running // what is being done to it
	// mounted is where M mounted partitions; they may have been unmounted elsewhere since.
	mounted map[model.PartID]string
	// brokenOff says that its commit was interrupted and that it could not be read since.
	brokenOff bool
	// doing is what is done to the target as a whole at the moment, "" if nothing is. It takes no keys then.
	doing string

	pane    pane
	row     int // selected row of the table
	pending int // selected operation, while the pane has the keyboard
	answer  int // chosen button of the recovery page
}

// pane is a part of the editor that can have the keyboard.
type pane int

const (
	tablePane pane = iota
	pendingPane
)

// busy reports whether something is being done to the target, or waits for an answer.
func (d document) busy() bool { return d.doing != "" || d.run.active() && !d.run.over() }

// mustRecover reports whether an interrupted transaction has to be dealt with before anything else. The end of the run that
// was interrupted needs no page of its own then.
func (d document) mustRecover() bool {
	return d.state == docOpen && d.doing == "" && d.unfinished != nil && (!d.run.active() || d.run.interrupted() && d.run.settled)
}

// name is what people call the target.
func (d document) name() string { return widget.Clean(filepath.Base(d.path)) }

// saw takes over what a target showed. The queue is not touched.
func (d document) saw(s sight) document {
	d.state, d.err, d.brokenOff = docOpen, nil, false
	d.facts, d.unfinished = s.facts, s.unfinished
	d.answer = 0
	if u := s.unfinished; u != nil && u.RollingBack {
		d.answer = 1
	}
	return d
}

// fresh is the document with an empty queue over what the target showed.
func (d document) fresh(s sight) document {
	d = d.saw(s)
	d.seen++
	d.queue = ops.NewQueue(s.disk, s.env)
	d.pane, d.pending = tablePane, 0
	d.row = min(d.row, max(0, len(d.rows())-1))
	return d
}

// replayed is the document over what the target showed with as much of its queue as still works there,
// and how many operations were lost.
func (d document) replayed(s sight) (next document, lost int) {
	old := d.queue.Ops()
	next = d.fresh(s)
	next.queue, lost = replay(next.queue, old)
	return next, lost
}

// replay stages operations one after the other, up to the first that is impossible, and counts the others as lost.
func replay(q ops.Queue, list []ops.Operation) (next ops.Queue, lost int) {
	for i, op := range list {
		staged, err := q.Stage(op)
		if err != nil {
			return q, len(list) - i
		}
		q = staged
	}
	return q, 0
}

// sameDisk reports whether two readings of a target showed the same.
func sameDisk(a, b model.Disk) bool {
	return a.Sectors == b.Sectors && a.Table == b.Table && slices.Equal(a.Partitions(), b.Partitions())
}

// rows lists the lines of the table: the disk as it will be.
func (d document) rows() []model.Row { return model.Rows(d.queue.Preview(), model.Readable) }

// selected is the row under the cursor; ok is false if there is none.
func (d document) selected() (row model.Row, ok bool) {
	rows := d.rows()
	if d.row < 0 || d.row >= len(rows) {
		return model.Row{}, false
	}
	return rows[d.row], true
}

// with is the document with another queue. The cursor stays on the partition it was on, or goes to
// the partition that an operation made or changed, or else to what lies where it was.
func (d document) with(q ops.Queue, touched model.PartID) document {
	before, had := d.selected()
	d.queue = q
	rows := d.rows()
	d.row = min(d.row, max(0, len(rows)-1))
	if q.Len() == 0 {
		d.pane = tablePane
	}
	d.pending = min(d.pending, max(0, q.Len()-1))
	at := func(is func(model.Row) bool) bool {
		for i, r := range slices.Backward(rows) { // of the extended partition and what is inside, the latter
			if is(r) {
				d.row = i
				return true
			}
		}
		return false
	}
	switch {
	case touched != 0 && at(func(r model.Row) bool { return isPart(r, touched) }):
	case !had, before.Kind == model.RowPartition && at(func(r model.Row) bool { return isPart(r, before.Partition.ID) }):
	default:
		at(func(r model.Row) bool { return r.Span.Contains(before.Span.Start) })
	}
	return d
}

func isPart(r model.Row, id model.PartID) bool {
	return r.Kind == model.RowPartition && r.Partition.ID == id
}

// move takes the cursor n lines on. Past the last row it enters the list of pending operations, and from
// there back, as if the two were one list.
func (d document) move(n int) document {
	rows := len(d.rows())
	at := d.row
	if d.pane == pendingPane {
		at = rows + d.pending
	}
	at = min(max(0, at+n), max(0, rows+d.queue.Len()-1))
	if at >= rows && d.queue.Len() > 0 {
		d.pane, d.pending = pendingPane, at-rows
		return d
	}
	d.pane, d.row = tablePane, at
	return d
}
