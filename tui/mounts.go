package tui

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// This file mounts partitions, and turns an image into a loop device and back. These actions are not part of the queue:
// they take effect at once and write nothing to the target.

// openMounts opens the menu for mounting, unmounting, attaching and detaching.
func (m Model) openMounts(d document) Model {
	var items []dialog.Item
	text := "No partition is selected."
	if at, ok := d.mountable(); ok {
		what := at.name
		if at.id == 0 {
			what = "The disk"
		}
		switch {
		case len(at.dirs) > 0:
			text = what + " is mounted at " + strings.Join(at.dirs, " and at ") + "."
		case at.use.Busy(), at.swap:
			text = what + " is " + at.use.String() + "."
		case !at.never.OK():
			text = what + " cannot be mounted: " + string(at.never) + "."
		default:
			text = what + " is not mounted."
		}
		items = append(items, d.mountItems(at)...)
	}
	if why := d.facts.Mountable; !why.OK() {
		for i := range items {
			items[i].Off = why
		}
	}
	items = append(items, d.attachItem())
	return m.push(dialog.NewMenu("Mount and attach", widget.Clean(text), items...))
}

// mountsSomething reports whether the menu can do more than show reasons.
func (d document) mountsSomething() bool {
	items := []dialog.Item{d.attachItem()}
	if at, ok := d.mountable(); ok && d.facts.Mountable.OK() {
		items = append(items, d.mountItems(at)...)
	}
	return slices.ContainsFunc(items, func(it dialog.Item) bool { return it.Off.OK() })
}

// mountable is the file system under the cursor that could be mounted.
type mountable struct {
	id    model.PartID
	name  string
	use   model.Use
	never model.Reason // why it cannot be mounted, whoever uses it
	dirs  []string     // where it is mounted
	plans int          // number of pending operations on it
	there bool         // it exists on the target, not only in the queue
	swap  bool         // it holds swap space
}

func (d document) mountable() (mountable, bool) {
	row, ok := d.selected()
	switch {
	case ok && row.Kind == model.RowWhole:
		return mountable{
			name: "the disk", never: d.facts.NoMount[0], dirs: d.facts.Mounts[0], there: true, plans: d.queue.Len(),
		}, true
	case !ok || row.Kind != model.RowPartition || row.Partition.Role == model.Extended:
		return mountable{}, false
	}
	p := row.Partition
	at := mountable{id: p.ID, name: p.Ref(), use: p.Use, never: d.facts.NoMount[p.ID], dirs: d.facts.Mounts[p.ID]}
	if old, there := d.queue.Initial().Partition(p.ID); there {
		at.there, at.swap = true, old.FS.Kind == model.Swap && p.Use.Kind != model.Mounted || p.Use.Kind == model.SwapSpace
		at.name = old.Ref()
	}
	for _, op := range d.queue.Ops() {
		if op.Part() == p.ID {
			at.plans++
		}
	}
	return at, true
}

func (d document) mountItems(at mountable) []dialog.Item {
	if at.swap {
		return d.swapItems(at)
	}
	image := !d.facts.Device
	look := dialog.Item{
		Text: "Mount " + at.name + " read-only", Action: dialog.Mount{ID: at.id},
		Note: "Nothing is written to it, not even to replay a journal.",
	}
	if image {
		look.Note += " While it is mounted, nothing can be applied to the image."
	}
	const lasting = "Changes made there are not part of the queue, and shunt cannot undo them."
	work := dialog.Item{
		Text: "Mount " + at.name + " to read and write", Note: lasting,
		Action: questionFirst("Mount "+at.name+" to read and write?", lasting, "Mount it", dialog.Mount{ID: at.id, Access: model.ReadWrite}),
	}
	out := dialog.Item{Text: "Unmount " + at.name, Action: dialog.Unmount{ID: at.id}}
	switch {
	case len(at.dirs) == 0 && at.use.Busy():
		look.Off = model.Because("it is %s", at.use)
		out.Off = look.Off
	case len(at.dirs) == 0:
		out.Off = "it is not mounted"
	case len(at.dirs) > 1:
		out.Off = model.Because("it is mounted at %s: give one of them to `shunt unmount`", strings.Join(at.dirs, " and at "))
		look.Off = "it is mounted already"
	default:
		out.Note = "From " + at.dirs[0] + "."
		look.Off = "it is mounted already"
	}
	switch {
	case !at.never.OK():
		look.Off = at.never
	case !look.Off.OK():
	case !at.there:
		look.Off = pendingOnly
	case at.plans > 0:
		look.Off = model.Because("%s on it: apply or take back first", operationWords(at.plans))
	}
	if work.Off = look.Off; work.Off.OK() && image {
		work.Off = "the image is open in the editor: attach it as a loop device first"
		if !d.facts.Attachable.OK() {
			work.Off = "the image is open in the editor: leave the editor, and use `shunt mount --rw`"
		}
	}
	return []dialog.Item{look, work, out}
}

// questionFirst returns an action that asks before another one, because that changes the system and not only the screen.
func questionFirst(title, what, yes string, action dialog.Action) dialog.Action {
	return dialog.Show{Dialog: dialog.NewAsk(title, dialog.Warning, []string{what},
		dialog.YesNo("Leave it", yes, widget.Writes, action)...)}
}

// attachItem returns the menu item that turns the image into a loop device, or the loop device back into its image.
func (d document) attachItem() dialog.Item {
	it := d.attaching()
	if !d.facts.Attachable.OK() {
		it.Off = d.facts.Attachable
	}
	return it
}

func (d document) attaching() dialog.Item {
	if d.facts.Image != "" {
		it := dialog.Item{
			Text: "Detach from the image", Action: dialog.Detach{},
			Note: fmt.Sprintf("Removes %s. shunt then edits its image, %s.%s", d.facts.Path, d.facts.Image, d.queueNote()),
		}
		for _, p := range d.queue.Initial().Partitions() {
			if p.Use.Busy() {
				it.Off = model.Because("%s is %s", p.Ref(), p.Use)
			}
		}
		return it
	}
	what := "Creates a device for each partition. shunt then edits the loop device, which stays when you leave." + d.queueNote()
	it := dialog.Item{
		Text: "Attach as a loop device", Note: what,
		Action: questionFirst("Attach "+d.name()+" as a loop device?", what, "Attach it", dialog.Attach{}),
	}
	switch {
	case d.facts.Device:
		it.Off = model.Because("%s is a block device, which needs no attaching", d.name())
	case len(d.facts.Mounts) > 0:
		it.Off = "a part of the image is mounted: unmount that first"
	case slices.ContainsFunc(d.queue.Ops(), func(op ops.Operation) bool { _, size := op.(ops.ImageSize); return size }):
		it.Off = "a new image size is pending, and a device cannot change its size: apply it or take it back first"
	}
	return it
}

// queueNote says what happens to the pending operations.
func (d document) queueNote() string {
	n := d.queue.Len()
	if n < 2 {
		return []string{"", " The pending operation is kept."}[n]
	}
	return fmt.Sprintf(" The %d pending operations are kept.", n)
}

// runOnTarget runs a command on the whole target. Until it ends, nothing else can be done to the target.
func (m Model) runOnTarget(d document, doing string, cmd tea.Cmd) (Model, tea.Cmd) {
	if d.state != docOpen || d.run.active() {
		return m, nil
	}
	d.doing = doing
	return m.withDoc(m.current, d), cmd
}

// attachment is the result of mounting, unmounting, attaching or detaching.
type attachment struct {
	path    string // the target to continue with: after attaching the loop device, after detaching the image
	target  Target
	seen    scanResult
	mounts  map[model.PartID]string // where partitions are mounted now, "" if they are not any more
	message string                  // what was done
	next    string                  // what can be done then, or ""
	brief   string                  // what is said instead of both where the page shows the rest, or ""
	err     error                   // why it failed
	lost    error                   // why the target could not be read again
}

// mountEnded applies the result of mounting, unmounting, attaching or detaching.
func (m Model) mountEnded(gen int, end attachment) (Model, tea.Cmd) {
	i, ok := m.byGen(gen)
	if !ok {
		return m, closeTarget(end.target)
	}
	d, dropped := m.docs[i], 0
	then := d.then
	d.then = nil
	d.doing, d.path, d.target = "", end.path, end.target
	if end.lost != nil {
		d.state, d.err, d.holds = docLost, end.lost, end.message+"."
		if end.err != nil {
			d.holds = sentence(end.err, d.name(), d.path) + "."
		}
		return m.withDoc(i, d), nil
	}
	mounted := map[model.PartID]string{}
	maps.Copy(mounted, d.mounted)
	maps.Copy(mounted, end.mounts)
	d.mounted = mounted
	row := d.row
	d, dropped = d.replayed(end.seen)
	d.row = min(row, max(0, len(d.rows())-1))
	m = m.withDoc(i, d)
	switch {
	case end.err != nil:
		m = m.refuse(end.err)
	case dropped > 0:
		m = m.say(toneWarn, end.message+"; "+droppedWords(dropped))
	case end.brief != "":
		m = m.say(toneGood, end.brief)
	case end.next != "":
		m = m.say(toneGood, end.message+"; "+end.next)
	default:
		m = m.say(toneGood, end.message)
	}
	if end.seen.committing != nil {
		return m.followed(i, end.seen.committing)
	}
	if end.err == nil && dropped == 0 {
		return m.goOn(i, then, d.thenOn)
	}
	return m, nil
}
