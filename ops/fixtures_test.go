package ops_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/fsys"
	planfile "shunt/ops/plan"
)

const mib geometry.Sector = 2048 // sectors of 512 bytes

// env is a machine with the tools for ext, FAT32 and swap. What no machine changes is as the drivers have it.
func env() ops.Env {
	return ops.Env{Sources: sources, Caps: ops.Capabilities{
		model.Ext2: known(model.Ext2, ops.Capability{MaxSize: 16 * geometry.TiB}),
		model.Ext4: known(model.Ext4, ops.Capability{MinSize: 256 * geometry.KiB}),
		model.FAT32: known(model.FAT32, ops.Capability{
			Grow: "FAT32 cannot be resized here", Shrink: "FAT32 cannot be resized here",
			MinSize: 33 * geometry.MiB, MaxSize: 2 * geometry.TiB,
		}),
		model.Swap:    known(model.Swap, ops.Capability{Check: "swap space needs no check", MinSize: 40 * geometry.KiB}),
		model.XFS:     known(model.XFS, ops.Capability{Shrink: "XFS cannot be shrunk", Create: "mkfs.xfs is not installed: apt install xfsprogs"}),
		model.ISO9660: known(model.ISO9660, ops.Capability{Create: "read-only", Grow: "read-only", Shrink: "read-only", Check: "read-only"}),
	}}
}

// capable is what the drivers make of a machine that has everything.
var capable = fsys.DiscoverWith(fsys.Machine{
	Look:        func(name string) (string, error) { return name, nil },
	CannotMount: func(string) model.Reason { return "" },
})

// known is c with the facts of a kind that its driver has.
func known(kind model.FSKind, c ops.Capability) ops.Capability {
	all := capable.Of(kind)
	all.Create, all.Grow, all.Shrink, all.Check, all.Label, all.UUID, all.Online = c.Create, c.Grow, c.Shrink, c.Check, c.Label, c.UUID, c.Online
	all.MinSize, all.MaxSize = c.MinSize, c.MaxSize
	return all
}

// sources is another disk, /other, with a p1 of 50 MiB.
func sources(path string, number int) (ops.Source, error) {
	if path != "/other" || number != 1 {
		return ops.Source{}, fmt.Errorf("there is no partition %d", number)
	}
	return ops.Source{Path: path, Part: full(1, 10*mib, 60*mib, 20*geometry.MiB), SectorSize: geometry.Sector512}, nil
}

func ext4(size, used geometry.Bytes) model.Filesystem {
	return model.Filesystem{Kind: model.Ext4, Size: size, Used: used, Min: used, BlockSize: 4096, UUID: "u", Label: "l"}
}

func part(n int, start, end geometry.Sector, fs model.Filesystem) model.Partition {
	return model.Partition{
		ID: model.PartID(n), Number: n, Span: geometry.Span{Start: start, End: end}, Type: "0x83", FS: fs,
	}
}

// full is a partition with an ext4 that fills it and holds used bytes.
func full(n int, start, end geometry.Sector, used geometry.Bytes) model.Partition {
	return part(n, start, end, ext4(geometry.Sector512.Bytes(end-start)&^4095, used))
}

// founding is the image of the founding example: MBR, the first partition at sector 63.
func founding() model.Disk {
	p1 := full(1, 63, 988033, 25*geometry.MiB)
	p1.Active = true
	return mbr(966*mib, p1, full(2, 988033, 1978368, 26_843_546))
}

func mbr(sectors geometry.Sector, parts ...model.Partition) model.Disk {
	return model.New(model.Disk{
		SectorSize: geometry.Sector512, Sectors: sectors,
		Table: model.Table{Kind: model.TableMBR, Usable: geometry.Span{Start: 1, End: sectors}, Slots: 4},
	}, parts, nil)
}

func gpt(sectors geometry.Sector, parts ...model.Partition) model.Disk {
	for i := range parts {
		parts[i].Type = model.DefaultType(model.TableGPT, model.Primary, parts[i].FS.Kind)
	}
	return model.New(model.Disk{
		SectorSize: geometry.Sector512, Sectors: sectors,
		Table: model.Table{Kind: model.TableGPT, Usable: geometry.Span{Start: 34, End: sectors - 33}, Slots: 128},
	}, parts, nil)
}

// chained is an MBR of 1000 MiB: p1, then an extended p2 from 100 to 900 MiB with p5, p6, a gap, p7, a gap.
func chained() model.Disk {
	ext := part(2, 100*mib, 900*mib, model.Filesystem{})
	ext.Role, ext.Type = model.Extended, model.MBRExtendedLBA
	parts := []model.Partition{full(1, mib, 100*mib, geometry.MiB), ext}
	for i, start := range []geometry.Sector{100 * mib, 200 * mib, 400 * mib} {
		p := full(5+i, start+mib, start+100*mib, 10*geometry.MiB)
		p.Role, p.EBR = model.Logical, start
		parts = append(parts, p)
	}
	return mbr(1000*mib, parts...)
}

func stage(t *testing.T, q ops.Queue, list ...ops.Operation) ops.Queue {
	t.Helper()
	for _, op := range list {
		next, err := q.Stage(op)
		if err != nil {
			t.Fatalf("stage %v: %v", op, err)
		}
		q = next
	}
	return q
}

// plan stages plan lines with the MiB grid.
func plan(t *testing.T, d model.Disk, lines ...string) ops.Queue {
	t.Helper()
	q, err := planfile.Parse(strings.NewReader(strings.Join(lines, "\n")), ops.NewQueue(d, env()), geometry.AlignMiB)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// refused makes sure that err is a refusal with exactly this text.
func refused(t *testing.T, err error, want string) {
	t.Helper()
	var refusal *ops.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("error %v, want a refusal", err)
	}
	if refusal.Error() != want {
		t.Errorf("refusal %q\n   want %q", refusal.Error(), want)
	}
	for what, text := range map[string]string{"edit": refusal.What, "reason": string(refusal.Reason), "nearest": refusal.Nearest} {
		if wrong := misworded(text); wrong != "" {
			t.Errorf("%s %q of a refusal %s", what, text, wrong)
		}
	}
	if refusal.What == "" || refusal.Reason == "" {
		t.Errorf("refusal %q does not say what is refused, or why", refusal.Error())
	}
}

// misworded is what a part of a refusal does against the rule for words (tui/words.go), "" if nothing. Each part stands
// within a sentence.
func misworded(text string) string {
	first, _, _ := strings.Cut(text, " ")
	switch {
	case strings.Contains(text, "  "), strings.TrimSpace(text) != text:
		return "holds blanks that are not needed"
	case strings.HasSuffix(text, "."), strings.Contains(text, "!"):
		return "ends a sentence"
	case strings.Contains(strings.ToLower(text), "error"):
		return "says that it is an error"
	case text != "" && text[0] >= 'A' && text[0] <= 'Z' && first != strings.ToUpper(first) && !slices.Contains(names, first):
		return "begins a sentence"
	}
	for _, r := range text {
		if r > '~' && !strings.Contains(text, `"`) {
			return "is not ASCII"
		}
	}
	return ""
}

// names may begin a reason in the middle of a sentence.
var names = []string{"Linux", "ReiserFS", "Windows"}

func clean(t testing.TB, d model.Disk) {
	t.Helper()
	for _, p := range model.Check(d) {
		t.Errorf("problem: %s", p.Text)
	}
}

// kindOf names the operation, and whether a partition is moved, resized or both.
func kindOf(op ops.Operation) string {
	switch o, ok := op.(ops.MoveResize); {
	case ok && o.Len == 0:
		return "Move"
	case ok && o.Shift == 0:
		return "Resize"
	case ok:
		return "Resize/Move"
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", op), "ops.")
}
