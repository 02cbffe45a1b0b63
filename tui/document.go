package tui

import (
	"path/filepath"
	"slices"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// docState is the state of a target in the editor.
type docState int

const (
	docOpening docState = iota
	docOpen
	docRefused // it could not be opened
	docLost    // it was open, and could not be read again after a run
)

// document is one target with its queue and the user's position in it. It is a value.
type document struct {
	path  string
	gen   int // generation of the messages that belong to it
	seen  int // how often the target was read; an answer to a question from before the last reading does not count
	state docState
	err   error
	// holds says what is known for sure about a target that could not be read again.
	holds string
	// opening describes the current step of opening the target; it is "" until that takes a while.
	opening string
	target  Target
	facts   report.Facts
	queue   ops.Queue // showing sets it
	// now and after are the rows of the disk without and with the pending operations. They follow from the queue.
	now, after []model.Row
	// unfinished is the interrupted transaction that has to be finished or rolled back first, or nil.
	unfinished *report.Unfinished
	run        running // the current run
	ahead      ahead   // a rehearsal in the background
	// cleared is the queue before X cleared it, until something else is undone.
	cleared ops.Queue
	// log is that of the last run that is no longer shown.
	log []string
	// errand is what the target is being opened for.
	errand dialog.Errand
	// mounted holds the directories of partitions that M mounted. They may have been unmounted by other means since.
	mounted map[model.PartID]string
	// brokenOff is set if a commit was interrupted and the target could not be read since.
	brokenOff bool
	// doing describes an action on the whole target, such as mounting; "" if there is none. Keys are ignored meanwhile.
	doing string
	// then goes on on partition thenOn, once what was in the way is unmounted; nil if nothing does.
	then   doFunc
	thenOn model.PartID

	pane    pane
	row     int // selected row of the table
	pending int // selected operation, while the pane has the keyboard
	answer  int // chosen button of the recovery page
}

// pane is a part of the editor page that can have the keyboard.
type pane int

const (
	tablePane pane = iota
	pendingPane
)

// busy reports whether an action or a run is in progress, or a run waits for an answer.
func (d document) busy() bool { return d.doing != "" || d.run.active() && !d.run.over() }

// mustRecover reports whether an interrupted transaction has to be finished or rolled back first. If its run is still
// shown, the recovery page replaces it once the target has been read again.
func (d document) mustRecover() bool {
	return d.state == docOpen && d.doing == "" && d.unfinished != nil &&
		(!d.run.active() || d.run.interrupted() && d.run.settled)
}

// name returns the name of the target for display.
func (d document) name() string { return widget.Clean(filepath.Base(d.path)) }

// withScan returns the document with the facts of a new scan. The queue is not changed.
func (d document) withScan(s scanResult) document {
	d.state, d.err, d.brokenOff = docOpen, nil, false
	d.facts, d.unfinished = s.facts, s.unfinished
	d.answer = 0
	if u := s.unfinished; u != nil && u.RollingBack {
		d.answer = 1
	}
	return d
}

// fresh returns the document with the disk of a new scan and an empty queue.
func (d document) fresh(s scanResult) document {
	d = d.withScan(s)
	d.seen++
	d, d.cleared = d.showing(ops.NewQueue(s.disk, s.env)), ops.Queue{}
	d.pane, d.pending = tablePane, 0
	d.row = min(d.row, max(0, len(d.rows())-1))
	return d
}

// replayed returns the document with the disk of a new scan and as many of its pending operations as are still possible.
// lost counts the operations that were dropped.
func (d document) replayed(s scanResult) (next document, lost int) {
	old := d.queue.Ops()
	next = d.fresh(s)
	q, lost := replay(next.queue, old)
	return next.showing(q), lost
}

// replay stages operations one after the other, up to the first that is impossible. lost counts that one and all after
// it.
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

// withoutRun returns the document without its run, and keeps the log.
func (d document) withoutRun() document {
	d.log, d.run = d.lastLog(), running{}
	return d
}

// lastLog returns the log of the run that is shown, or else of the one before it.
func (d document) lastLog() []string {
	if len(d.run.log) > 0 {
		return d.run.log
	}
	return d.log
}

// sameDisk reports whether two scans found the same layout. A rehearsal may know better than a scan how small a file system
// can become.
func sameDisk(a, b model.Disk) bool {
	return a.Sectors == b.Sectors && a.Table == b.Table &&
		slices.EqualFunc(a.Partitions(), b.Partitions(), func(p, q model.Partition) bool {
			p.FS.Min = q.FS.Min
			return p == q
		})
}

// showing returns the document with another queue. Every frame needs the rows of its disks several times, so they are found
// here once.
func (d document) showing(q ops.Queue) document {
	d.queue = q
	d.now = model.Rows(q.Initial(), model.Readable)
	if d.after = d.now; q.Len() > 0 {
		d.after = model.Rows(q.Preview(), model.Readable)
	}
	return d
}

// rows returns the rows of the table, which shows the preview.
func (d document) rows() []model.Row { return d.after }

// selected returns the row under the cursor; ok is false if there is none.
func (d document) selected() (row model.Row, ok bool) {
	rows := d.rows()
	if d.row < 0 || d.row >= len(rows) {
		return model.Row{}, false
	}
	return rows[d.row], true
}

// subject returns what the details describe: the row under the cursor, or what the selected operation changes. ok is false
// if there is none.
func (d document) subject() (row model.Row, ok bool) {
	if d.pane == tablePane {
		return d.selected()
	}
	key := rowKey{kind: model.RowWhole}
	if list := d.queue.Ops(); d.pending < len(list) && list[d.pending].Part() != 0 {
		key = rowKey{kind: model.RowPartition, part: list[d.pending].Part()}
	}
	return d.rowOf(key)
}

// with returns the document with another queue. The cursor goes to the partition touched, if it is not 0 and exists.
// Otherwise it stays on its partition, or goes to the row that now covers its place on the disk.
func (d document) with(q ops.Queue, touched model.PartID) document {
	before, had := d.selected()
	d = d.showing(q)
	rows := d.rows()
	d.row = min(d.row, max(0, len(rows)-1))
	if q.Len() == 0 {
		d.pane = tablePane
	}
	d.pending = min(d.pending, max(0, q.Len()-1))
	at := func(is func(model.Row) bool) bool {
		for i, r := range slices.Backward(rows) { // prefer a logical partition to the extended one around it
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

// move moves the cursor n lines down. Only line by line it leads from the table to the list of pending operations and
// back; with leaps it stays in the list that has the keyboard.
func (d document) move(n int, leaps bool) document {
	rows := len(d.rows())
	switch {
	case !leaps:
	case d.pane == pendingPane:
		d.pending = min(max(0, d.pending+n), max(0, d.queue.Len()-1))
		return d
	default:
		d.row = min(max(0, d.row+n), max(0, rows-1))
		return d
	}
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

// align returns the grid to use on the target for the one that was chosen.
func (d document) align(chosen geometry.Alignment) geometry.Alignment {
	return d.queue.Env().Medium.Align(chosen)
}
