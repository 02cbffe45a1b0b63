package dialog_test

import (
	"reflect"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui/dialog"
	"shunt/tui/internal/tuitest"
)

// queueOf is a stand-in's layout without pending operations.
func queueOf(d model.Disk) ops.Queue { return ops.NewQueue(d, tuitest.Env()) }

// staged is what an action stages, nil if it stages nothing.
func staged(action dialog.Action) []ops.Operation {
	switch a := action.(type) {
	case dialog.Stage:
		return []ops.Operation{a.Op}
	case dialog.StageAll:
		return a.Ops
	}
	return nil
}

func TestEditKeys(t *testing.T) {
	const align = geometry.AlignMiB
	founding, varied, logicals := queueOf(tuitest.Founding()), queueOf(tuitest.Varied()), queueOf(tuitest.Logicals())
	format := func(q ops.Queue, id model.PartID) dialog.Dialog { return dialog.NewFormat(q, id, align) }
	label := func(q ops.Queue, id model.PartID) dialog.Dialog { return dialog.NewLabel(q, id, align) }
	name := func(q ops.Queue, id model.PartID) dialog.Dialog { return dialog.NewName(q, id, align) }
	kind := func(q ops.Queue, id model.PartID) dialog.Dialog { return dialog.NewType(q, id) }
	uuid := func(q ops.Queue, id model.PartID) dialog.Dialog { return dialog.NewUUID(q, id, align) }
	table := func(q ops.Queue, _ model.PartID) dialog.Dialog { return dialog.NewNewTable(q, align) }
	list := func(list ...ops.Operation) []ops.Operation { return list }
	for _, c := range []struct {
		name string
		open func(ops.Queue, model.PartID) dialog.Dialog
		q    ops.Queue
		part model.PartID
		keys string
		want []ops.Operation
	}{
		{"format as it is", format, founding, 1, "enter", list(ops.Format{ID: 1, FS: model.Ext4})},
		{"format by letter", format, founding, 1, "x enter", list(ops.Format{ID: 1, FS: model.XFS})},
		{"format with a label", format, founding, 1, "x tab =data enter", list(ops.Format{ID: 1, FS: model.XFS, Label: "data"})},
		{"clear", format, founding, 1, "c enter", list(ops.Format{ID: 1})},
		{"clear has no label", format, founding, 1, "tab =data c up up enter", list(ops.Format{ID: 1, FS: model.Ext4, Label: "datac"})},
		{"format as what cannot be made", format, founding, 1, "end enter", nil},
		{"format with a label that is too long", format, founding, 1, "tab =abcdefghijklmnopqr enter", nil},
		{"format, escape", format, founding, 1, "esc", nil},

		{"label", label, founding, 1, "=photos enter", list(ops.SetLabel{ID: 1, Label: "photos"})},
		{"no label", label, founding, 1, "ctrl+u enter", list(ops.SetLabel{ID: 1})},
		{"the same label", label, founding, 1, "enter", nil},
		{"a label that is too long", label, founding, 1, "=abcdefghijklmnopqr enter", nil},
		{"a label for FAT", label, varied, 2, "=a*b enter", nil},

		{"name", name, varied, 3, "=system enter", list(ops.SetName{ID: 3, Name: "system"})},
		{"the same name", name, varied, 3, "=root enter", nil},
		{"a name that is too long", name, varied, 3, "=abcdefghijklmnopqrstuvwxyzabcdefghijklmnop enter", nil},

		{"type by search", kind, founding, 1, "=lvm enter", list(ops.SetType{ID: 1, Type: "0x8e"})},
		{"type by code", kind, founding, 1, "=0xef enter", list(ops.SetType{ID: 1, Type: "0xef"}, ops.SetFlag{ID: 1, Flag: model.FlagBoot, On: true})[:1]},
		{"type by arrow", kind, founding, 1, "down enter", list(ops.SetType{ID: 1, Type: "0x82"})},
		{"there and back", kind, founding, 1, "down up enter", nil},
		{"a search without end", kind, founding, 1, "=zzzz enter", nil},
		{"a flag", kind, founding, 2, "tab space enter", list(ops.SetFlag{ID: 2, Flag: model.FlagBoot, On: true})},
		{"a flag off", kind, founding, 1, "tab space enter", list(ops.SetFlag{ID: 1, Flag: model.FlagBoot})},
		{"a flag that is a type", kind, founding, 2, "tab right right space enter", nil},
		{"an extended partition has flags", kind, logicals, 2, "space enter", list(ops.SetFlag{ID: 2, Flag: model.FlagBoot, On: true})},

		{"uuid", uuid, founding, 1, "enter", list(ops.NewUUID{ID: 1})},
		{"no half for ext4", uuid, founding, 1, "right enter", list(ops.NewUUID{ID: 1})},
		{"half a uuid", uuid, varied, 7, "right enter", list(ops.NewUUID{ID: 7, Half: true})},
		{"uuid, escape", uuid, founding, 1, "esc", nil},

		{"no table by default", table, founding, 0, "enter", nil},
		{"a GPT", table, founding, 0, "y", list(ops.NewTable{Kind: model.TableGPT})},
		{"an MBR", table, founding, 0, "right y", list(ops.NewTable{Kind: model.TableMBR})},
		{"by the buttons", table, founding, 0, "right tab right enter", list(ops.NewTable{Kind: model.TableMBR})},
		{"no", table, founding, 0, "right tab right n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, action := press(t, c.open(c.q, c.part), c.keys)
			got := staged(action)
			if c.name == "a flag that is a type" {
				if len(got) != 1 || !strings.Contains(got[0].Describe(c.q.Preview()).Do(), "type") {
					t.Fatalf("got %v\n%s", got, text(d))
				}
				return
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Fatalf("got %#v, want %#v\n%s", got, c.want, text(d))
			}
			q := c.q
			for _, op := range got {
				next, err := q.Stage(op)
				if err != nil {
					t.Fatalf("what the dialog offers is refused: %v", err)
				}
				q = next
			}
		})
	}
}

// Dialogs tell what they would do, and why not.
func TestEditsTell(t *testing.T) {
	const align = geometry.AlignMiB
	founding, varied := queueOf(tuitest.Founding()), queueOf(tuitest.Varied())
	for _, c := range []struct {
		d    dialog.Dialog
		keys string
		want string
	}{
		{dialog.NewFormat(founding, 1, align), "", "All data in this ext4 is lost"},
		{dialog.NewFormat(varied, 1, align), "", "All data in p1 (unformatted) is lost"},
		{dialog.NewFormat(founding, 1, align), "n", "apt install ntfs-3g"},
		{dialog.NewFormat(varied, 1, align), "f f", "is too small for fat"},
		{dialog.NewLabel(founding, 1, align), "=abcdefghijklmnopqr", "16 bytes"},
		{dialog.NewType(varied, 3), "=efi", "Change the type of p3 from Linux file system to EFI system"},
		{dialog.NewType(varied, 3), "=zzz", "No type has this"},
		{dialog.NewUUID(varied, 7, align), "", "the half that Windows shows stays"},
		{dialog.NewNewTable(varied, align), "", "Lost when this is applied: p1 (unformatted), p2 (fat32"},
	} {
		d, _ := press(t, c.d, c.keys)
		if got := strings.Join(strings.Fields(text(d)), " "); !strings.Contains(got, c.want) {
			t.Errorf("after %q %q is not said:\n%s", c.keys, c.want, text(d))
		}
	}
}

func TestPasteKeys(t *testing.T) {
	const align = geometry.AlignMiB
	varied := tuitest.Varied()
	q := queueOf(varied)
	efi, _ := varied.Partition(2)
	xfs, _ := varied.Partition(5)
	here := dialog.Clip{Part: efi, Where: "server.qcow2", Bytes: 512 * geometry.MiB}
	for _, c := range []struct {
		name string
		keys string
		want ops.Copy
	}{
		{"as it is", "enter", ops.Copy{From: 2, At: 14338 * mib, Len: 512 * mib}},
		{"further on", "=+100MiB enter", ops.Copy{From: 2, At: 14438 * mib, Len: 512 * mib}},
		{"FAT32 stays as large: tab leads past the size", "tab =1GiB enter", ops.Copy{From: 2, At: 14847 * mib, Len: 512 * mib}},
		{"escape", "esc", ops.Copy{}},
	} {
		p, err := dialog.NewPaste(q, here, gap(t, varied, 1), align)
		if err != nil {
			t.Fatal(err)
		}
		d, action := press(t, p, c.keys)
		stage, _ := action.(dialog.Stage)
		got, _ := stage.Op.(ops.Copy)
		got.ID = 0
		if got != c.want {
			t.Errorf("%s: got %+v, want %+v\n%s", c.name, got, c.want, text(d))
		}
	}
	if _, err := dialog.NewPaste(q, dialog.Clip{Part: xfs, Bytes: 4 * geometry.GiB}, gap(t, varied, 0), align); err == nil ||
		!strings.Contains(err.Error(), "needs 4.00 GiB and 512 MiB is free") {
		t.Errorf("got %v", err)
	}
}

// A copy from another target names it and carries the source.
func TestPasteElsewhere(t *testing.T) {
	founding, varied := tuitest.Founding(), tuitest.Varied()
	const path = "/images/stick.raw"
	docs, _ := founding.Partition(1)
	clip := dialog.Clip{
		Part: docs, Where: "stick.raw", Bytes: geometry.Sector512.Bytes(docs.Span.Len()),
		Source: &ops.Source{Path: path, Part: docs, SectorSize: geometry.Sector512},
	}
	p, err := dialog.NewPaste(queueOf(varied), clip, gap(t, varied, 1), geometry.AlignMiB)
	if err != nil {
		t.Fatal(err)
	}
	d, action := press(t, p, "> enter")
	stage, _ := action.(dialog.Stage)
	op, _ := stage.Op.(ops.Copy)
	if op.Source == nil || op.From != 0 || op.Source.Path != path || op.Len <= docs.Span.Len() {
		t.Errorf("got %+v\n%s", op, text(d))
	}
	over, err := dialog.NewPasteOver(queueOf(varied), clip, 5, geometry.AlignMiB)
	if err != nil {
		t.Fatal(err)
	}
	if got := text(over); !strings.Contains(got, `p5 (xfs "srv") is lost`) {
		t.Errorf("no word on what is lost:\n%s", got)
	}
	if _, action := press(t, over, "enter"); action != (dialog.Close{}) {
		t.Errorf("Enter alone gives %v", action)
	}
	_, action = press(t, over, "y")
	if list := staged(action); len(list) != 1 {
		t.Errorf("y stages %v", list)
	}
}

func TestConvert(t *testing.T) {
	if _, err := dialog.NewConvert(queueOf(tuitest.Varied()), geometry.AlignMiB); err == nil {
		t.Error("a GPT is converted to GPT")
	}
	ask, err := dialog.NewConvert(queueOf(tuitest.Logicals()), geometry.AlignMiB)
	if err != nil {
		t.Fatal(err)
	}
	if _, action := press(t, ask, "enter"); action != (dialog.Close{}) {
		t.Errorf("Enter alone gives %v", action)
	}
	_, action := press(t, ask, "y")
	if got := staged(action); len(got) != 1 || got[0] != (ops.ToGPT{}) {
		t.Errorf("y stages %v", got)
	}
}

func TestMenu(t *testing.T) {
	menu := dialog.NewMenu("Menu", "Choose.",
		dialog.Item{Text: "Alpha", Off: "it is busy", Action: dialog.Quit{}},
		dialog.Item{Text: "Beta", Note: "does it", Action: dialog.ClearQueue{}})
	for keys, want := range map[string]dialog.Action{
		"enter": dialog.ClearQueue{}, "up enter": nil, "a enter": nil, "b enter": dialog.ClearQueue{}, "esc": dialog.Close{},
	} {
		d, action := press(t, menu, keys)
		if action != want {
			t.Errorf("%q gives %v, want %v\n%s", keys, action, want, text(d))
		}
		if strings.HasPrefix(keys, "up") && !strings.Contains(text(d), "Not possible: it is busy") {
			t.Errorf("no reason:\n%s", text(d))
		}
	}
}

func TestTyped(t *testing.T) {
	ask := dialog.NewTyped("Sure?", "Gone.", []string{"Really?"}, "/dev/sdz", dialog.Commit{})
	for keys, want := range map[string]dialog.Action{
		"enter": nil, "=/dev/sd enter": nil, "=/dev/sdz enter": dialog.Commit{}, "=/dev/sdzz enter": nil, "y": nil, "esc": dialog.Close{},
	} {
		if d, action := press(t, ask, keys); action != want {
			t.Errorf("%q gives %v, want %v\n%s", keys, action, want, text(d))
		}
	}
}

// The entry of the GPT in a hybrid MBR stands before the partitions or behind them.
func TestHybridPlace(t *testing.T) {
	q := queueOf(tuitest.Varied())
	for keys, last := range map[string]bool{"tab tab tab =3 enter": false, "tab tab tab =3 tab tab right enter": true} {
		d, action := press(t, dialog.NewGPTDetails(q, geometry.AlignMiB), keys)
		list := staged(action)
		if len(list) != 1 {
			t.Fatalf("%q stages %v\n%s", keys, list, text(d))
		}
		if got, ok := list[0].(ops.Hybrid); !ok || got.Last != last || len(got.Parts()) != 1 {
			t.Errorf("%q stages %+v", keys, list[0])
		}
	}
}
