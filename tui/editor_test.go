package tui_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/plan"
	"shunt/ops/report"
	"shunt/tui"
	"shunt/tui/internal/tuitest"
)

func TestUndoRedoClear(t *testing.T) {
	d := open(t, Founding())
	stageFounding(d)
	d.Press("u")
	d.Contains("2 pending", "Taken back: Grow p1")
	d.Press("u", "u")
	d.Contains("Taken back: Grow image", "Nothing yet.")
	d.Press("u")
	d.Contains("Nothing to undo")
	d.Press("ctrl+r", "ctrl+r", "ctrl+r")
	d.Contains("3 pending", "Pending again: Grow p1")
	d.Press("ctrl+r")
	d.Contains("Nothing to redo")
	d.Press("X")
	d.Contains("This takes back 3 pending operations")
	d.Press("enter")
	d.Contains("3 pending")
	d.Press("X", "y")
	d.Contains("Nothing yet.", "u restores all")
	d.Press("ctrl+r")
	d.Contains("1 pending")
	d.Press("u", "u")
	d.Contains("Back as before the clearing: 3 pending", "3 Grow p1")
}

// An operation is removed from the middle of the list; one that others need is not.
func TestRemovePending(t *testing.T) {
	d := open(t, Founding())
	stageFounding(d)
	d.Press("end", "down")
	d.Contains("▸ 1")
	d.Press("d")
	d.Contains("3 pending") // without the room, the move is impossible
	d.Contains("Move p2")
	d.Press("esc", "end", "d")
	d.Contains("2 pending", "Removed: Grow p1")
	d.Press("up", "K")
	d.Contains("2 pending")
}

// The cursor goes through the table into the list, and back.
func TestCursorInPending(t *testing.T) {
	d := open(t, Founding())
	d.Press("x", "j", "x", "home", "j", "j")
	d.Contains("▸ 1 Check")
	d.Press("J")
	d.Contains("▸ 2 Check", "1 Check and repair ext4 in p2")
	d.Press("k", "k")
	d.Contains("▸ p2")
	d.Press("j", "d", "d")
	d.Contains("Nothing yet.", "▸ p")
}

// The cursor stays with what it was on.
func TestCursorFollows(t *testing.T) {
	d := open(t, Varied())
	d.Press("end", "up", "d") // p7 goes
	d.Contains("▸ unallocated", "Delete p7")
	d.Press("u")
	d.Contains("▸ p7")
	d.Press("end", "n", "enter")
	d.Contains("▸ p8", "new")
	d.Press("d")
	d.Contains("▸ unallocated")
}

// Something impossible is refused with the reason, in the place of the key bar or in a window.
func TestRefusals(t *testing.T) {
	d := open(t, Damaged())
	for _, key := range []string{"m", "d", "x", "z"} {
		d.Press(key)
		if frame := d.Frame(); !strings.Contains(frame, "overlap") || strings.Contains(frame, "pending;") {
			t.Errorf("%s:\n%s", key, frame)
		}
		d.Press("esc")
		if strings.Contains(d.Frame(), "Leave") || d.Quit() {
			t.Fatalf("%s left a dialog or the program", key)
		}
	}
	fixed := Founding()
	fixed.Layout.Fixed = true
	d = open(t, fixed)
	d.Press("z")
	d.Contains("a block device has a fixed size")
}

func TestQuitGuard(t *testing.T) {
	d := open(t, Founding())
	d.Press("q")
	if !d.Quit() {
		t.Fatal("q did not leave with nothing pending")
	}
	for _, keys := range []string{"q enter", "q n", "ctrl+c esc", "ctrl+c q", "q q q"} {
		d = open(t, Founding())
		d.Press("x")
		d.Press(strings.Fields(keys)...)
		if d.Quit() {
			t.Errorf("%q left with an operation pending", keys)
		}
	}
	d.Press("esc", "q", "y")
	if !d.Quit() {
		t.Error("q y did not leave")
	}
}

func TestSavePlan(t *testing.T) {
	d := open(t, Founding())
	d.Press("s")
	d.Contains("Nothing is pending")
	stageFounding(d)
	path := filepath.Join(t.TempDir(), "a.plan")
	save := func() {
		d.Press("s", "ctrl+u")
		d.Type(path)
		d.Press("enter")
	}
	save()
	d.Contains("Saved ")
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := plan.Parse(strings.NewReader(string(got)), ops.NewQueue(Founding().Layout, tuitest.Env()), 0)
	if err != nil || again.Len() != 3 {
		t.Fatalf("the plan reads back as %d operations, %v:\n%s", again.Len(), err, got)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	save()
	d.Contains("Replace file?")
	quietly(d)
	d.Press("enter")
	if got, _ := os.ReadFile(path); string(got) != "mine" {
		t.Fatal("a file was replaced without a yes")
	}
	save()
	quietly(d)
	d.Press("y")
	if got, _ := os.ReadFile(path); !strings.Contains(string(got), "move 2 right 1024MiB") {
		t.Fatalf("not replaced: %q", got)
	}
	path = filepath.Join(t.TempDir(), "no", "such", "a.plan")
	save()
	d.Contains("Not saved", "a.plan: no such")
}

// Several targets are open at once, each with its own queue; messages find their own.
func TestSeveralTargets(t *testing.T) {
	founding, varied := Founding(), Varied()
	b := &Backend{
		Targets: map[string]*Target{founding.What.Path: founding, varied.What.Path: varied},
		Refuse:  map[string]error{"/images/busy.raw": errInUse},
	}
	d := Start(t, 80, 24, tui.Options{Paths: []string{founding.What.Path, varied.What.Path, "/images/busy.raw"}}, b)
	d.Contains("▸stick.raw  server.qcow2  busy.raw")
	d.Press("x", "tab")
	d.Contains("stick.raw (1)  ▸server.qcow2", "Nothing yet.")
	d.Press("tab")
	d.Contains("▸busy.raw", "cannot be opened", "shut that down first")
	d.Press("m")
	d.Contains("No target is open")
	d.Press("tab")
	d.Contains("▸stick.raw", "1 pending")
	d.Press("tab", "q")
	d.Contains("There is 1 pending operation")
}

// A target that was refused can be tried again; one that is open is only brought to the front.
func TestOpenAgain(t *testing.T) {
	founding := Founding()
	b := &Backend{
		Targets: map[string]*Target{stick: founding}, Refuse: map[string]error{stick: errInUse},
	}
	d := Start(t, 80, 24, tui.Options{Paths: []string{stick}}, b)
	d.Contains("cannot be opened")
	d.Do(func() { b.Refuse = nil })
	again := func() {
		d.Press("o", "ctrl+u")
		d.Type(stick)
		d.Press("enter")
	}
	again()
	d.Contains("▸ p1")
	d.Press("x")
	again()
	d.Contains("1 pending")
	if len(b.Opened) != 2 {
		t.Errorf("opened %v", b.Opened)
	}
}

// Without a path the picker is shown; leaving it leaves an empty editor that says what to do.
func TestNoPaths(t *testing.T) {
	d := Start(t, 80, 24, tui.Options{Dir: "/images"}, &Backend{Files: Images()})
	d.Contains("Open target", "stick.raw", "966 MiB", "MBR, 2 partitions")
	d.Press("esc")
	d.Contains("Press o to open")
	d.Press("m")
	d.Contains("No target is open")
	d.Press("q")
	if !d.Quit() {
		t.Error("q did not leave")
	}
}

// What a disk or a tool says cannot command the terminal.
func TestHostileLabels(t *testing.T) {
	target := Founding()
	p, _ := target.Layout.Partition(1)
	p.FS.Label, p.Name = "\x1b]0;owned\x07\x1b[2J", "a\nb"
	target.Layout = target.Layout.With(p)
	d := open(t, target)
	for _, keys := range []string{"", "m", "esc i"} {
		d.Press(strings.Fields(keys)...)
		if strings.Contains(d.Raw(), "\x1b]") || strings.Contains(d.Raw(), "\x1b[2J") {
			t.Errorf("after %q the label reaches the terminal", keys)
		}
	}
}

func TestBackgroundAndUnknownMessages(t *testing.T) {
	d := open(t, Founding())
	before := d.Raw()
	d.Send(tea.BackgroundColorMsg{Color: hex("#ffffff")})
	if d.Raw() == before {
		t.Error("a light background changes nothing")
	}
	full := d.Raw()
	d.Send(tea.ColorProfileMsg{Profile: colorprofile.ANSI})
	if d.Raw() == full || strings.Contains(d.Raw(), "38;2;") {
		t.Error("a terminal of sixteen colours is sent more")
	}
	d.Send(tea.FocusMsg{})
	d.Send(tea.PasteMsg{Content: "y"})
	d.Contains("▸ p1")
}

// Marks of all kinds of changes.
func TestChangeColumn(t *testing.T) {
	d := open(t, Varied())
	d.Press("end", "up", "m")
	d.Type("+1GiB")
	d.Press("enter")
	d.Contains("right 1024M")
	d.Resize(120, 40)
	d.Contains("right 1024 MiB")
	d.Press("m", "tab")
	d.Type("-256MiB")
	d.Press("enter")
	d.Contains("1024M→ -256M")
	d.Press("up", "up", "x")
	d.Contains("check")
	if p, ok := Varied().Layout.Partition(model.PartID(7)); !ok || p.Number != 7 {
		t.Fatal("the stand-in changed")
	}
}

// Edits of the same thing are one pending operation; undo and redo walk them one by one all the same.
func TestJoinedEdits(t *testing.T) {
	d := open(t, Founding())
	d.Press("l", "ctrl+u")
	d.Type("one")
	d.Press("enter")
	d.Contains("Pending as operation 1; a applies", `Label ext4 in p1 "one"`)
	d.Press("x", "l", "ctrl+u")
	d.Type("two")
	d.Press("enter")
	d.Contains("2 pending", "One edit now with operation 1; a applies", `1 Label ext4 in p1 "two"`)
	d.Lacks(`"one"`)
	d.Press("l", "ctrl+u")
	d.Type("docs")
	d.Press("enter")
	d.Contains("1 pending", "These edits cancel each other")
	d.Press("u")
	d.Contains("2 pending", `Taken back: Label ext4 in p1 "docs"`, `Label ext4 in p1 "two"`)
	d.Press("u")
	d.Contains("2 pending", `Label ext4 in p1 "one"`)
	d.Press("ctrl+r", "ctrl+r")
	d.Contains("1 pending", `Pending again: Label ext4 in p1 "docs"`)
	d.Press("end", "down", "end", "d")
	d.Contains("Removed: Check")
	d.Press("u")
	d.Contains("1 pending", "Pending again: Check and repair ext4 in p1")
	d.Press("ctrl+r")
	d.Contains("Removed again: Check", "Nothing yet.")
	d.Press("u", "X", "y", "u")
	d.Contains("Back as before the clearing: 1 pending")
}

// A new partition that is deleted again leaves nothing behind.
func TestNewAndDeleted(t *testing.T) {
	d := open(t, Varied())
	d.Press("end", "n", "enter", "l")
	d.Type("x")
	d.Press("enter")
	d.Contains("1 pending", "One edit now with operation 1", "1 Create p8")
	d.Press("d")
	d.Contains("cancel each other: nothing is pending any more", "Nothing yet.")
	d.Press("u", "u")
	d.Contains("1 pending", "Taken back: Label")
}

// An operation and an answer that do not fit in a line are shown in full.
func TestLongWords(t *testing.T) {
	d := open(t, Logicals())
	d.Resize(80, 24)
	d.Press("G", "y")
	d.Contains("Pending as operation 1; a applies, u takes it back")
	d.Contains("a boot loader for BIOS has to be installed again, in a BIOS boot partition")
	d.Press("u")
	d.Contains("Taken back: Convert", "has to be installed again, in a BIOS boot partition")
}

// On a disk without partitions, and on a full one, keys say what has to be done first.
func TestNothingToEdit(t *testing.T) {
	d := open(t, Blank())
	for _, key := range []string{"n", "m", "d", "f", "l", "x", "t", "w", "c"} {
		d.Press(key)
		d.Contains("There is no partition table yet: T makes one")
	}
	d = open(t, Founding())
	d.Press("n")
	d.Contains("No free space: m shrinks a partition")
}

// Where a partition is deleted the cursor stays at its place.
func TestCursorAfterDelete(t *testing.T) {
	d := open(t, Logicals())
	d.Press("j", "j", "d")
	d.Contains("▸  unallocated")
}

// Each list keeps its own cursor keys: only the arrow keys lead from one to the other.
func TestLeapsStayInTheirList(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {60, 20}, {120, 40}} {
		d := open(t, Founding())
		d.Resize(size[0], size[1])
		stageFounding(d)
		d.Press("home")
		for _, key := range []string{"end", "pgdown", "space", "end"} {
			d.Press(key)
			d.Contains("▸ unallocated")
		}
		for _, key := range []string{"pgup", "home"} {
			d.Press(key)
			d.Contains("▸ p1")
		}
		d.Press("end", "down")
		d.Contains("▸ 1")
		for _, key := range []string{"end", "pgdown", "space"} {
			d.Press(key)
			d.Contains("▸ 3")
		}
		for _, key := range []string{"pgup", "home"} {
			d.Press(key)
			d.Contains("▸ 1")
		}
		d.Press("up")
		d.Contains("▸ unallocated")
	}
}

// A deletion drops the pending edits of its partition, and says so; undo brings them back.
func TestDeletionDropsEdits(t *testing.T) {
	d := open(t, Founding())
	d.Press("z")
	d.Type("+2GiB")
	d.Press("enter", "j", "m")
	d.Type("+100MiB")
	d.Press("enter", "d")
	d.Contains("Pending: delete p2", "; its move is dropped; a applies", "2 pending")
	d.Press("u")
	d.Contains("2 Move p2 right by 100 MiB")
	d.Press("x", "d")
	d.Contains("its 2 edits are dropped")

	// Room that a move made for another partition is made by the deletion instead: nothing of p2 is copied.
	d = open(t, Founding())
	stageFounding(d)
	d.Press("j", "d")
	d.Contains("its move is dropped", "2 Delete p2", "3 Grow p1")
	d.Lacks("copies")
	d.Press("d", "u")
	d = open(t, Founding())
	d.Press("j", "d")
	d.Contains("Pending as operation 1", "1 Delete p2")
	d.Lacks("dropped")
}

// Enter makes a table where nothing can be lost, and nothing anywhere else.
func TestEnterOnBlankDisk(t *testing.T) {
	d := open(t, Blank())
	d.Press("enter", "enter")
	d.Contains("1 Make a new GPT")
	for _, key := range []string{"enter", "esc", "n"} {
		d := open(t, Founding())
		d.Press("T", key)
		d.Contains("Nothing yet.")
	}
	d = open(t, Blank())
	d.Press("T", "n")
	d.Contains("Nothing yet.")
}

// The last column names every pending edit of a partition.
func TestChangeNamesAll(t *testing.T) {
	d := open(t, Founding())
	d.Resize(120, 40)
	d.Press("j", "l")
	d.Type("x")
	d.Press("enter", "x", "k", "z")
	d.Type("+2GiB")
	d.Press("enter", "j", "m")
	d.Type("+100MiB")
	d.Press("enter")
	d.Contains("right 100 MiB label check")
}

// The bar of a commit never goes back: what is read again at its end is counted anew.
func TestBarGoesOn(t *testing.T) {
	target := Founding()
	d := open(t, target)
	story{t, d, target}.toCommit()
	tell := func(stage string, done, total geometry.Bytes) {
		d.Do(func() {
			last(t, target).Tell(report.Progress{Phase: report.Committing, Stage: stage, Done: done * geometry.MiB, Total: total * geometry.MiB})
		})
	}
	tell("copy", 26, 26)
	d.Contains("100 %")
	tell("verify", 1, 30)
	d.Contains("100 %", "1.00 MiB of 30.0 MiB")
	d.Lacks(" 3 %")
}
