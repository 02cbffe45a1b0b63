package tui

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/ops/rescue"
	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// lostPage is the page that searches for lost partitions and lists them. It only reads. The zero value is no page.
type lostPage struct {
	gen     int // generation of the search, 0 if there is no page
	found   []model.Lost
	notes   []string
	err     error
	done    [2]int64 // bytes that were searched, and all
	loading bool
	at      int
	giveUp  context.CancelFunc // stops the search
}

func (l lostPage) open() bool { return l.gen != 0 }

// openLost opens the page and starts the search.
func (m Model) openLost(d document) (Model, tea.Cmd) {
	m.gen++
	before := background(m.lost.giveUp)
	ctx, cancel := context.WithCancel(context.Background())
	m.lost = lostPage{gen: m.gen, loading: true, giveUp: cancel}
	latest := make(chan [2]int64, 1)
	return m, tea.Batch(before, findLost(ctx, d.target, latest, m.gen), waitLost(m.Clock, latest, m.gen))
}

func findLost(ctx context.Context, t Target, latest chan [2]int64, gen int) tea.Cmd {
	return func() tea.Msg {
		put := latestOf(latest)
		found, notes, err := t.Lost(ctx, false, func(done, total int64) { put([2]int64{done, total}) })
		return result(func(m Model) (Model, tea.Cmd) {
			if m.lost.gen == gen {
				m.lost.found, m.lost.notes, m.lost.err, m.lost.loading = found, notes, err, false
			}
			return m, nil
		})
	}
}

// waitLost shows from time to time how far the search is.
func waitLost(clock Clock, latest <-chan [2]int64, gen int) tea.Cmd {
	const often = 200 * time.Millisecond
	return clock(often, func() tea.Msg {
		now, told := [2]int64{}, false
		select {
		case now = <-latest:
			told = true
		default:
		}
		return result(func(m Model) (Model, tea.Cmd) {
			if m.lost.gen != gen || !m.lost.loading {
				return m, nil
			}
			if told {
				m.lost.done = now
			}
			return m, waitLost(clock, latest, gen)
		})
	})
}

func (m Model) lostBindings(document) []binding {
	back := "back"
	if m.lost.loading {
		back = "stop"
	}
	return append([]binding{
		on("esc", back, noTarget(Model.closeLost), "esc", "q", "ctrl+c"),
		on("enter", "list its files", Model.openLostFiles, "enter", "right").unless(noLostFiles),
		on("p", "put it back", noCommand(Model.putBack), "p").unless(noLost),
		on("a", "put all back", noCommand(Model.putAllBack), "a").unless(noneReturns),
	}, whenMore(travel(Model.moveInLost, "select"), func(m Model, _ document) bool { return len(m.lost.found) > 1 })...)
}

func (m Model) closeLost() (Model, tea.Cmd) {
	before := background(m.lost.giveUp)
	m.lost = lostPage{}
	return m, before
}

func (m Model) moveInLost(_ document, s step) Model {
	m.lost.at = s.from(m.lost.at, m.height-6, len(m.lost.found)-1)
	return m
}

// noLost returns why the selected find cannot be put back, or "".
func noLost(m Model, d document) model.Reason {
	if no := cmp.Or(notOpen(m, d), nothingLost(m)); !no.OK() {
		return no
	}
	if pendingBack(d, m.lost.found[m.lost.at]) {
		return "It is pending already: press esc for the list of pending operations"
	}
	l := m.lost.found[m.lost.at]
	if !l.Stays.OK() {
		return l.Stays
	}
	if _, err := withBack(d, l); !d.leadsOn(err) {
		return reasonOf(err)
	}
	return ""
}

// nothingLost returns why no find is selected, or "" if one is.
func nothingLost(m Model) model.Reason {
	switch {
	case m.lost.at < len(m.lost.found):
		return ""
	case m.lost.loading:
		return "The search takes a moment"
	}
	return "Nothing was found"
}

// noneReturns returns why not all can be put back, or "".
func noneReturns(m Model, d document) model.Reason {
	if no := cmp.Or(notOpen(m, d), nothingLost(m)); !no.OK() {
		return no
	}
	pending := false
	for _, l := range m.lost.found {
		there := pendingBack(d, l)
		if l.Returns() && !there {
			return ""
		}
		pending = pending || there
	}
	if pending {
		return "All that is sure is pending already: press esc for the list of pending operations"
	}
	return "None is sure enough to put all back: press p to put the selected one back"
}

func noLostFiles(m Model, _ document) model.Reason {
	if no := nothingLost(m); !no.OK() {
		return no
	}
	switch l := m.lost.found[m.lost.at]; {
	case !l.FS.Known():
		return "There is no file system here that shunt knows"
	case l.Headless:
		return "Its first superblock is gone: put it back first; a check (x) can then restore it from a copy"
	}
	return ""
}

// pendingBack reports whether a partition begins where the find does, once the pending operations are applied.
func pendingBack(d document, l model.Lost) bool {
	for p := range d.queue.Preview().Each() {
		if p.Role != model.Extended && p.Span.Start == l.Span.Start {
			return true
		}
	}
	return false
}

func (m Model) openLostFiles(d document) (Model, tea.Cmd) {
	l := m.lost.found[m.lost.at]
	m.files = files{part: model.LostID(l.Span.Start), ref: fmt.Sprint("lost", m.lost.at+1)}
	return m.chdir(d, nil)
}

// putBack stages what puts the selected find back.
func (m Model) putBack(d document) Model {
	q, err := withBack(d, m.lost.found[m.lost.at])
	if err != nil {
		return m.refuse(err)
	}
	return m.stageBack(d, q)
}

// withBack returns the queue with what puts a find back, or the error with which that is refused. A disk without a table gets a new
// one.
func withBack(d document, l model.Lost) (ops.Queue, error) {
	q := d.queue
	if rescue.Tableless(q.Preview()) {
		next, _, err := rescue.Stage(q, []model.Lost{l}, model.TableNone)
		if err != nil {
			return q, err
		}
		q = next
	}
	if pendingBack(d.with(q, 0), l) {
		return q, nil
	}
	return rescue.Put(q, l)
}

// putAllBack stages what puts all finds back that are no doubtful ones and in nobody's way.
func (m Model) putAllBack(d document) Model {
	var back []model.Lost
	for _, l := range m.lost.found {
		if !pendingBack(d, l) {
			back = append(back, l)
		}
	}
	q, left, err := rescue.Stage(d.queue, back, model.TableNone)
	switch {
	case err != nil:
		return m.refuse(err)
	case q.Len() == d.queue.Len() && len(left) > 0:
		return m.refuse(left[0].Err)
	}
	return m.stageBack(d, q)
}

// stageBack stages the operations by which q is longer than the queue.
func (m Model) stageBack(d document, q ops.Queue) Model {
	m = m.stageAll(dialog.StageAll{Ops: q.Ops()[d.queue.Len():]})
	if now, _ := m.doc(); now.queue.Len() > d.queue.Len() {
		m = m.say(toneGood, "Pending: press esc for the list of pending operations, and then a to apply it")
	}
	return m
}

// lostNotes returns the lines above the list.
func (m Model) lostNotes() []string {
	st, l, b := m.st, m.lost, m.block(m.width-4)
	for _, note := range l.notes {
		b.wrap(st.Warn, ops.Capital(widget.Clean(note)))
	}
	switch {
	case l.loading && l.done[1] > 0:
		done, all := geometry.Bytes(l.done[0]), geometry.Bytes(l.done[1])
		b.wrap(st.Text, fmt.Sprintf("Searching the unallocated space: %s of %s", geometry.FormatBytes(done), geometry.FormatBytes(all)))
		b.add(widget.Gauge(float64(done)/float64(all), b.width, st))
	case l.loading:
		b.wrap(st.Text, "Searching the unallocated space"+st.More)
		b.add(widget.Gauge(-1, b.width, st))
	case l.err != nil:
		b.wrap(st.Warn, sentence(l.err))
	case len(l.found) == 0:
		b.wrap(st.Muted, "No lost partition was found in unallocated space.")
	}
	return b.lines
}

// lostWhy returns the lines about the selected find.
func (m Model) lostWhy() []string {
	if m.lost.at >= len(m.lost.found) {
		return nil
	}
	b, l := m.block(m.width-4), m.lost.found[m.lost.at]
	why := report.LostWhy(l)
	for i, text := range why {
		if i == len(why)-1 && !l.Stays.OK() { // what forbids to put it back is the last
			b.wrap(m.st.Warn, ops.Capital(widget.Clean(text)))
			continue
		}
		b.hang(m.st.Muted.Render("- "), ops.Capital(widget.Clean(text)), m.st.Muted)
	}
	return append([]string{""}, b.lines...)
}

// lostLines returns the range of finds to show, and the number of lines above them.
func (m Model) lostLines() (from, to, first int) {
	first = len(m.lostNotes())
	from, to = widget.Visible(len(m.lost.found), m.lost.at, max(1, m.height-4-first-len(m.lostWhy())))
	return from, to, first
}

// lostView draws the list, one line for each find, and what speaks for the selected one.
func (m Model) lostView(d document) []string {
	st := m.st
	lines := m.lostNotes()
	from, to, _ := m.lostLines()
	for i := from; i < to; i++ {
		lines = append(lines, m.lostLine(d, i, m.width-4))
	}
	lines = append(lines, m.lostWhy()...)
	frame := widget.Frame{Title: "Lost partitions", Edge: st.Faint, Name: st.Title}
	frame.Corner = m.counted(m.lost.at, len(m.lost.found), false)
	return widget.Box(lines, frame, m.width, m.height-2, st)
}

// lostLine returns the line of a find: name, contents, label, size, place, how sure.
func (m Model) lostLine(d document, i, width int) string {
	st, l, z := m.st, m.lost.found[i], d.queue.Initial().SectorSize
	state := l.Trust.String()
	switch {
	case pendingBack(d, l):
		state = "pending"
	case l.Inside > 0:
		state = fmt.Sprint("in lost", l.Inside)
	case !l.Stays.OK():
		state = "overlaps"
	}
	tail := " " + widget.FitRight(geometry.FormatBytes(z.Bytes(l.Span.Len())), 9) + " at " +
		widget.FitRight(geometry.FormatBytes(z.Bytes(l.Span.Start)), 9) + "  " + widget.Fit(state, 10, "")
	kind := 0
	for _, other := range m.lost.found {
		kind = max(kind, len(other.FS.Word()))
	}
	label := widget.Clean(strings.TrimSpace(l.FS.Label + " " + l.Entry.Name))
	name := fmt.Sprintf("%-7s%-*s  %s", fmt.Sprint("lost", i+1), kind, l.FS.Word(), label)
	text := widget.Fit(name, max(1, width-3-widget.Width(tail)), st.More) + tail
	cursor, off, look := " ", " ", st.Text
	if i == m.lost.at {
		cursor = st.Cursor
	}
	if !l.Returns() {
		look = st.Muted
	}
	if !l.Stays.OK() || l.Inside > 0 && pendingBack(d, m.lost.found[l.Inside-1]) {
		off = st.Off
	}
	return widget.RowLook(i, len(m.lost.found), i == m.lost.at, st).Under(look.Render(cursor + off + " " + text))
}

func (m Model) lostZones(document) []*lipgloss.Layer {
	from, to, first := m.lostLines()
	return []*lipgloss.Layer{widget.Zone("lost", 0, boxY+first, m.width, to-from)}
}

// lostClick selects the find in line y of the list, or lists its files if it is selected already.
func (m Model) lostClick(_ document, _ lipgloss.LayerHit, _, y int) (Model, tea.Cmd) {
	from, _, _ := m.lostLines()
	if from+y == m.lost.at {
		return m.pageKey(keymap.Event("enter"))
	}
	m.lost.at = min(from+y, len(m.lost.found)-1)
	return m, nil
}
