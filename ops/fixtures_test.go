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
	"shunt/ops/internal/testdisk"
	planfile "shunt/ops/plan"
)

const mib = testdisk.MiB

// env is a machine with the tools for ext, FAT32 and swap. What no machine changes is as the drivers have it.
func env() ops.Env {
	return ops.Env{Sources: testdisk.Other, Contents: testdisk.Contents, Caps: ops.Capabilities{
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

// The disks that these tests share with those of other packages.
var (
	ext4, part, full  = testdisk.Ext4, testdisk.Part, testdisk.Full
	mbr, gpt          = testdisk.MBR, testdisk.GPT
	founding, chained = testdisk.Founding, testdisk.Chained
)

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
