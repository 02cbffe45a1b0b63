package dialog_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/dialog"
	"shunt/tui/internal/tuitest"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

func TestImageSizeKeys(t *testing.T) {
	q := queueOf(tuitest.Founding())
	for _, c := range []struct {
		keys string
		want geometry.Sector // 0 is no operation
	}{
		{"=+2GiB enter", 966*mib + 2048*mib},
		{"=+2GiB tab right enter", 966*mib + 2048*mib},
		{"=4GiB enter", 4096 * mib},
		{"=2000000s enter", 2_000_000},
		{"up enter", 967 * mib},
		{"pgup enter", 1990 * mib},
		{"down enter", 0},
		{"< enter", 0},
		{"=-1MiB enter", 0},
		{"=4 enter", 0},
		{"=4GiB esc", 0},
		{"enter", 0},
	} {
		d, action := press(t, dialog.NewImageSize(q, geometry.AlignMiB), c.keys)
		stage, _ := action.(dialog.Stage)
		got, _ := stage.Op.(ops.ImageSize)
		if got.Sectors != c.want {
			t.Errorf("%q gives %d sectors, want %d\n%s", c.keys, got.Sectors, c.want, text(d))
		}
		if (got.Prealloc == model.PreallocFalloc) != strings.Contains(c.keys, "tab right") {
			t.Errorf("%q gives a preallocation %q", c.keys, got.Prealloc)
		}
	}
}

// gaps is where something can be made on a disk.
func gap(t *testing.T, d model.Disk, i int) model.Gap {
	t.Helper()
	gaps := model.Gaps(d, model.Readable)
	if i >= len(gaps) {
		t.Fatalf("there are %d gaps", len(gaps))
	}
	return gaps[i]
}

func TestCreateKeys(t *testing.T) {
	varied, logicals := tuitest.Varied(), tuitest.Logicals()
	for _, c := range []struct {
		name string
		disk model.Disk
		gap  int
		keys string
		want ops.New // ID and Type are not compared; a zero Len is no operation
	}{
		{"all of it", varied, 0, "enter", ops.New{At: 6658 * mib, Len: 512 * mib, FS: model.Ext4}},
		{"a size", varied, 0, "=100MiB enter", ops.New{At: 6658 * mib, Len: 100 * mib, FS: model.Ext4}},
		{"a place", varied, 0, "=100MiB tab =50MiB enter", ops.New{At: 6708 * mib, Len: 100 * mib, FS: model.Ext4}},
		{"contents", varied, 0, "tab tab tab right enter", ops.New{At: 6658 * mib, Len: 512 * mib, FS: model.Ext2}},
		{"contents by letter", varied, 0, "tab tab tab f f enter", ops.New{At: 6658 * mib, Len: 512 * mib, FS: model.FAT32}},
		{"empty", varied, 0, "tab tab tab left enter", ops.New{At: 6658 * mib, Len: 512 * mib}},
		{
			"label and name", varied, 0, "tab tab tab tab =data tab =Data2 enter",
			ops.New{At: 6658 * mib, Len: 512 * mib, FS: model.Ext4, Label: "data", Name: "Data2"},
		},
		{"too large", varied, 0, "=1GiB enter", ops.New{}},
		{"too small for FAT32", varied, 0, "=8MiB tab tab tab f f enter", ops.New{}},
		{"logical", logicals, 0, "enter", ops.New{Role: model.Logical, At: 301 * mib, Len: 99 * mib, FS: model.Ext4}},
		{"primary", logicals, 2, "enter", ops.New{At: 900 * mib, Len: 100 * mib, FS: model.Ext4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := queueOf(c.disk)
			first, err := dialog.NewCreate(q, gap(t, c.disk, c.gap), geometry.AlignMiB)
			if err != nil {
				t.Fatal(err)
			}
			d, action := press(t, first, c.keys)
			stage, _ := action.(dialog.Stage)
			got, _ := stage.Op.(ops.New)
			got.ID, got.Type = 0, ""
			if got != c.want {
				t.Errorf("got %+v, want %+v\n%s", got, c.want, text(d))
			}
		})
	}
}

func TestCreateRefused(t *testing.T) {
	full := tuitest.Many(128)
	_, err := dialog.NewCreate(queueOf(full), gap(t, full, 0), geometry.AlignMiB)
	if err == nil || !strings.Contains(err.Error(), "128") {
		t.Errorf("got %v", err)
	}
}

func TestAsk(t *testing.T) {
	ask := dialog.NewAsk("Leave?", dialog.Warning, []string{"Really?"}, dialog.YesNo("Stay", "Leave", widget.Writes, dialog.Quit{})...)
	for keys, want := range map[string]dialog.Action{
		"enter": dialog.Close{}, "esc": dialog.Close{}, "n": dialog.Close{}, "ctrl+c": dialog.Close{},
		"y": dialog.Quit{}, "right enter": dialog.Quit{}, "left enter": dialog.Quit{}, "tab tab enter": dialog.Close{},
		"x": nil, "right": nil, "q": nil,
	} {
		if _, got := press(t, ask, keys); got != want {
			t.Errorf("%q gives %#v, want %#v", keys, got, want)
		}
	}
}

func TestPath(t *testing.T) {
	p := dialog.NewPath(dialog.SavePlan, "Save plan", "", "/tmp/a.plan")
	for keys, want := range map[string]dialog.Action{
		"enter":            dialog.Save{What: dialog.SavePlan, Path: "/tmp/a.plan"},
		"ctrl+w =b enter":  dialog.Save{What: dialog.SavePlan, Path: "/tmp/b"},
		"ctrl+u enter":     nil,
		"ctrl+u =q esc":    dialog.Close{},
		"ctrl+u =yn enter": dialog.Save{What: dialog.SavePlan, Path: "yn"},
	} {
		if _, got := press(t, p, keys); got != want {
			t.Errorf("%q gives %#v, want %#v", keys, got, want)
		}
	}
}

// No window is larger than the screen, and its cursor is on it.
func TestDrawFits(t *testing.T) {
	st := styles.New(styles.Dark, styles.Full, styles.Unicode)
	disk := tuitest.Logicals()
	q := queueOf(disk)
	create, err := dialog.NewCreate(q, gap(t, disk, 2), geometry.AlignMiB)
	if err != nil {
		t.Fatal(err)
	}
	browse, _ := dialog.NewBrowse("/some/where/", "")
	for name, d := range map[string]dialog.Dialog{
		"resize": dialog.NewResize(q, 5, geometry.AlignMiB), "image size": dialog.NewImageSize(q, geometry.AlignMiB),
		"create": create, "browse": browse, "path": dialog.NewPath(dialog.SaveLog, "Save", "Text", strings.Repeat("/long", 50)),
		"ask": dialog.NewMessage("Title", dialog.Warning, strings.Repeat("many words ", 100)),
	} {
		for _, size := range [][2]int{{60, 20}, {80, 24}, {120, 40}, {200, 60}} {
			drawn := dialog.Draw(d, size[0], size[1], st)
			if drawn.At.Y+len(drawn.Block) > size[1] {
				t.Errorf("%s at %v: %d lines", name, size, len(drawn.Block))
			}
			for _, line := range drawn.Block {
				if w := ansi.StringWidth(line); w != ansi.StringWidth(drawn.Block[0]) || drawn.At.X+w > size[0] {
					t.Errorf("%s at %v: a line is %d cells wide: %q", name, size, w, ansi.Strip(line))
				}
			}
			if c := drawn.Cursor; c != nil && (c.X >= size[0] || c.Y >= size[1]) {
				t.Errorf("%s at %v: cursor at %v", name, size, *c)
			}
		}
	}
}

// A click on a row gives it the keyboard; a click on an entry of a list or on a word chooses it; on a button it is the key.
func TestClicks(t *testing.T) {
	const align = geometry.AlignMiB
	founding, varied := queueOf(tuitest.Founding()), queueOf(tuitest.Varied())
	menu := dialog.NewMenu("Menu", "", dialog.Item{Text: "Alpha", Action: dialog.Quit{}}, dialog.Item{Text: "Beta", Action: dialog.ClearQueue{}})
	ask := dialog.NewAsk("Leave?", dialog.Warning, nil, dialog.YesNo("Stay", "Leave", widget.Writes, dialog.Quit{})...)
	stage := func(op ops.Operation) dialog.Action { return dialog.Stage{Op: op} }
	swap := ops.SetType{ID: 1, Type: "0x82"}
	for name, c := range map[string]struct {
		d     dialog.Dialog
		texts []string
		keys  string
		want  dialog.Action
	}{
		"entry":          {menu, []string{"Beta"}, "enter", dialog.ClearQueue{}},
		"kind":           {dialog.NewFormat(founding, 1, align), []string{"xfs"}, "enter", stage(ops.Format{ID: 1, FS: model.XFS})},
		"kind and label": {dialog.NewFormat(founding, 1, align), []string{"xfs", "Label"}, "=d enter", stage(ops.Format{ID: 1, FS: model.XFS, Label: "d"})},
		"type":           {dialog.NewType(founding, 1), []string{"Linux swap"}, "enter", dialog.StageAll{Ops: []ops.Operation{swap}}},
		"word":           {dialog.NewUUID(varied, 7, align), []string{"half of it"}, "enter", stage(ops.NewUUID{ID: 7, Half: true})},
		"button":         {ask, []string{"y Leave"}, "", dialog.Quit{}},
		"no":             {ask, []string{"n Stay"}, "", dialog.Close{}},
		"key":            {ask, []string{"esc stay"}, "", dialog.Close{}},
		"border":         {menu, []string{"Menu"}, "", nil},
	} {
		d, action := c.d, dialog.Action(nil)
		for _, text := range c.texts {
			d, action = click(t, d, text)
		}
		if c.keys != "" {
			d, action = press(t, d, c.keys)
		}
		if !reflect.DeepEqual(action, c.want) {
			t.Errorf("%s: got %#v, want %#v\n%s", name, action, c.want, text(d))
		}
	}
}

// click presses and releases the mouse where a text is in a window.
func click(t *testing.T, d dialog.Dialog, text string) (dialog.Dialog, dialog.Action) {
	t.Helper()
	drawn := dialog.Draw(d, 80, 24, styles.New(styles.Dark, styles.Full, styles.ASCII))
	for y, line := range drawn.Block {
		if at := strings.Index(ansi.Strip(styles.Shown(line)), text); at >= 0 {
			d, action := d.Update(drawn.Mouse(dialog.Press, drawn.At.X+at, drawn.At.Y+y))
			d, _ = d.Update(drawn.Mouse(dialog.Release, drawn.At.X+at, drawn.At.Y+y))
			return d, action
		}
	}
	t.Fatalf("%q is not in the window", text)
	return nil, nil
}

// TestImageSizeRenewed has an image whose format cannot change its size: the dialog says that a new image is written, and offers
// no preallocation.
func TestImageSizeRenewed(t *testing.T) {
	d := tuitest.Founding()
	d.Image.Renews = true
	q := queueOf(d)
	got, action := press(t, dialog.NewImageSize(q, geometry.AlignMiB), "=+2GiB")
	if shown := text(got); !strings.Contains(shown, "which takes the name") || !strings.Contains(shown, "writes a new image") || strings.Contains(shown, "Preallocate") {
		t.Errorf("%v\n%s", action, shown)
	}
}
