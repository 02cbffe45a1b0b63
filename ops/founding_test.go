package ops_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	planfile "shunt/ops/plan"
)

// The founding example: enlarge the image, move p2 right, grow p1 into the gap.
func TestFoundingExample(t *testing.T) {
	q := plan(t, founding(), "image grow 2GiB", "move 2 right 1024MiB", "grow 1")
	var words, costs []string
	for i, op := range q.Ops() {
		words = append(words, op.Describe(q.Before(i)).String())
		costs = append(costs, q.Cost(i))
	}
	wantWords := []string{"Grow image by 2.00 GiB", "Move p2 right by 1024 MiB", "Grow p1 by 1024 MiB to 1.47 GiB"}
	if !slices.Equal(words, wantWords) {
		t.Errorf("words %q, want %q", words, wantWords)
	}
	if want := []string{"instant", "copies about 25.6 MiB", "resize2fs"}; !slices.Equal(costs, want) {
		t.Errorf("costs %q, want %q", costs, want)
	}
	if got, want := planfile.Format(q), "image size 3014MiB\nmove 2 right 1024MiB\nresize 1 to 3084225s\n"; got != want {
		t.Errorf("plan %q, want %q", got, want)
	}
	d := q.Preview()
	p1, _ := d.Partition(1)
	p2, _ := d.Partition(2)
	if want := (geometry.Span{Start: 988033 + 1024*mib, End: 1978368 + 1024*mib}); p2.Span != want {
		t.Errorf("p2 at %v, want %v to the sector", p2.Span, want)
	}
	// p2 starts off the grid, so the end of p1 is on the last grid line before it.
	if want := (geometry.Span{Start: 63, End: p2.Span.Start / mib * mib}); p1.Span != want {
		t.Errorf("p1 at %v, want %v", p1.Span, want)
	}
	if want := geometry.Sector512.Bytes(p1.Span.Len()) &^ 4095; p1.FS.Size != want || !p1.Active {
		t.Errorf("ext4 in p1 is %d long, want %d", p1.FS.Size, want)
	}
	clean(t, d)
	steps, err := q.Compile()
	if err != nil {
		t.Fatal(err)
	}
	want := `0 set image size to 2.94 GiB
1 move p2 from sector 988,033 to 3,085,185
1 verify ext4 in p2
2 check ext4 in p1
2 resize ext4 in p1 to 1.47 GiB
2 verify ext4 in p1
2 write partition table
`
	if got := script(steps); got != want {
		t.Errorf("steps\n%swant\n%s", got, want)
	}
}

func script(steps []ops.Step) string {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&b, "%d %s\n", s.Op, s.Words(geometry.Sector512).Do())
	}
	return b.String()
}

// windows shows where each step runs.
func windows(steps []ops.Step) string {
	kinds := map[ops.StepKind]string{
		ops.StepResizeImage: "image", ops.StepCheckFS: "check", ops.StepRepairFS: "repair", ops.StepVerifyFS: "verify", ops.StepResizeFS: "resize",
		ops.StepRemap: "remap", ops.StepMoved: "moved", ops.StepWipe: "wipe", ops.StepMakeFS: "make", ops.StepWriteTable: "table",
		ops.StepLabelFS: "label", ops.StepUUIDFS: "uuid", ops.StepCopy: "copy", ops.StepGrowMounted: "grow mounted",
	}
	var words []string
	for _, s := range steps {
		word := kinds[s.Kind]
		switch s.Kind {
		case ops.StepRemap, ops.StepCopy:
			word += fmt.Sprintf("%v>%v", s.From, s.To)
		case ops.StepResizeFS, ops.StepGrowMounted:
			word += fmt.Sprintf("%v=%d", s.Window, s.NewSize)
		case ops.StepCheckFS, ops.StepRepairFS, ops.StepVerifyFS, ops.StepMoved, ops.StepMoveLoader, ops.StepWipe, ops.StepMakeFS, ops.StepLabelFS, ops.StepUUIDFS:
			word += s.Window.String()
		case ops.StepResizeImage, ops.StepWriteTable, ops.StepWipeDisk, ops.StepErase, ops.StepRepairImage, ops.StepDropBitmaps,
			ops.StepSnapshot, ops.StepApplySnapshot, ops.StepDeleteSnapshot, ops.StepFlatten, ops.StepRebase, ops.StepCommit,
			ops.StepFindSpare, ops.StepGiveBack:
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestSteps(t *testing.T) {
	kind := func(k model.FSKind) model.Disk {
		p := full(1, 100*mib, 200*mib, 10*geometry.MiB)
		p.FS.Kind = k
		if k == model.Unformatted {
			p.FS = model.Filesystem{}
		}
		return mbr(1000*mib, p)
	}
	dirty := full(1, 100*mib, 200*mib, 10*geometry.MiB)
	dirty.FS.Dirty = "journal needs recovery"
	short := full(1, 100*mib, 200*mib, 10*geometry.MiB)
	short.FS.Size = 50 * geometry.MiB
	tests := []struct {
		name string
		disk model.Disk
		line string
		want string
	}{
		{"grow", kind(model.Ext4), "resize 1 to 150MiB", "check[204800, 512000) resize[204800, 512000)=157286400 verify[204800, 512000) table"},
		{"shrink", kind(model.Ext4), "resize 1 to 50MiB", "check[204800, 409600) resize[204800, 409600)=52428800 verify[204800, 307200) table"},
		{"grow to blocks", kind(model.Ext4), "resize 1 to 307201s", "check[204800, 512001) resize[204800, 512001)=157286400 verify[204800, 512001) table"},
		{"shrink to blocks", kind(model.Ext4), "resize 1 to 102407s", "check[204800, 409600) resize[204800, 409600)=52428800 verify[204800, 307207) table"},
		{"move", kind(model.Ext4), "move 1 right 1s", "remap[204800, 409600)>[204801, 409601) verify[204801, 409601) table"},
		{
			"move and grow", kind(model.Ext4), "move 1 left 50MiB and resize to 200MiB",
			"remap[204800, 409600)>[102400, 307200) verify[102400, 307200) check[102400, 512000) resize[102400, 512000)=209715200 verify[102400, 512000) table",
		},
		{
			"shrink and move", kind(model.Ext4), "move 1 right 50MiB and resize to 50MiB",
			"check[204800, 409600) resize[204800, 409600)=52428800 verify[204800, 307200) remap[204800, 307200)>[307200, 409600) verify[307200, 409600) table",
		},
		{"move dirty", mbr(1000*mib, dirty), "move 1 right 1MiB", "remap[204800, 409600)>[206848, 411648) table"},
		{"move fat", kind(model.FAT32), "move 1 right 1MiB", "remap[204800, 409600)>[206848, 411648) moved[206848, 411648) verify[206848, 411648) table"},
		{"move ntfs without a checker", kind(model.NTFS), "move 1 right 1MiB", "remap[204800, 409600)>[206848, 411648) moved[206848, 411648) table"},
		{"move luks", kind(model.LUKS), "move 1 right 1MiB", "remap[204800, 409600)>[206848, 411648) table"},
		{"move swap", kind(model.Swap), "move 1 right 1MiB", "wipe[206848, 411648) make[206848, 411648) table"},
		{"resize swap", kind(model.Swap), "resize 1 to 10MiB", "wipe[204800, 225280) make[204800, 225280) table"},
		{"move unformatted", kind(model.Unformatted), "move 1 right 1MiB", "remap[204800, 409600)>[206848, 411648) table"},
		{"resize unformatted", kind(model.Unformatted), "resize 1 to 1MiB", "table"},
		{"new ext4", mbr(1000 * mib), "new 10MiB fs=ext4", "wipe[2048, 22528) make[2048, 22528) verify[2048, 22528) table"},
		{"new swap", mbr(1000 * mib), "new 10MiB fs=swap", "wipe[2048, 22528) make[2048, 22528) table"},
		{"new empty", mbr(1000 * mib), "new 10MiB", "wipe[2048, 22528) table"},
		{"new extended", mbr(1000 * mib), "new 10MiB as=extended", "table"},
		{"delete", kind(model.Ext4), "delete 1", "table"},
		{"check", kind(model.Ext4), "check 1", "repair[204800, 409600) verify[204800, 409600)"},
		{"check fills", mbr(1000*mib, short), "check 1", "repair[204800, 409600) resize[204800, 409600)=104857600 verify[204800, 409600)"},
		{"image mbr", kind(model.Ext4), "image size 2GiB", "image"},
		{"image gpt", gpt(1000 * mib), "image size 2GiB", "image table"},
		{"extended", chained(), "resize 2 to 850MiB", "table"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			world := env()
			const no = "there is no tool for it here"
			world.Caps[model.NTFS] = known(model.NTFS, ops.Capability{Grow: no, Shrink: no, Check: no})
			q, err := planfile.Parse(strings.NewReader(tt.line), ops.NewQueue(tt.disk, world), geometry.AlignMiB)
			if err != nil {
				t.Fatal(err)
			}
			steps, err := q.Compile()
			if err != nil {
				t.Fatal(err)
			}
			if got := windows(steps); got != tt.want {
				t.Errorf("steps %s\n want %s", got, tt.want)
			}
		})
	}
	if steps, err := ops.NewQueue(founding(), env()).Compile(); err != nil || len(steps) != 0 {
		t.Errorf("empty queue compiles to %v, %v", steps, err)
	}
}

// Swap space that is made anew keeps what others know it by.
func TestSwapKeepsItsNames(t *testing.T) {
	p := full(1, 100*mib, 200*mib, 0)
	p.FS = model.Filesystem{Kind: model.Swap, Label: "spare", UUID: "5eed", Size: 100 * geometry.MiB, Used: -1}
	steps, err := plan(t, mbr(1000*mib, p), "move 1 right 1MiB and resize to 10MiB").Compile()
	if err != nil {
		t.Fatal(err)
	}
	if s := steps[1]; s.Kind != ops.StepMakeFS || s.Label != "spare" || s.UUID != "5eed" || s.FS != model.Swap {
		t.Errorf("step %+v", s)
	}
}

// TestCostOfKinds: a cost names who does the work, and nobody where shunt does it itself.
func TestCostOfKinds(t *testing.T) {
	for _, c := range []struct {
		kind       model.FSKind
		line, want string
	}{
		{model.NILFS2, "resize 1 to 500MiB", "nilfs-resize"},
		{model.NILFS2, "label 1 x", "instant"},
		{model.NILFS2, "uuid 1 new", "instant"},
		{model.NILFS2, "format 1 fs=nilfs2", "mkfs.nilfs2"},
		{model.LVM2, "resize 1 to 500MiB", "instant"},
		{model.LVM2, "check 1", "instant"},
		{model.Btrfs, "resize 1 to 500MiB", "btrfs filesystem resize"},
		{model.Btrfs, "label 1 x", "btrfs filesystem label"},
		{model.XFS, "label 1 x", "instant"},
		{model.FAT32, "resize 1 to 500MiB", "fsck.fat"}, // the check is what takes a tool
		{model.LUKS, "uuid 1 new", "cryptsetup luksUUID"},
		{model.Ext4, "format 1 fs=ext4", "mkfs.ext4"},
		{model.JFS, "check 1", "jfs_fsck"},
	} {
		p := part(1, 100*mib, 400*mib, model.Filesystem{Kind: c.kind, Size: 300 * geometry.MiB, Used: geometry.MiB, BlockSize: 512})
		q, err := planfile.Parse(strings.NewReader(c.line), ops.NewQueue(mbr(1000*mib, p), ops.Env{Caps: capable}), geometry.AlignMiB)
		if err != nil {
			t.Errorf("%s: %v", c.kind, err)
		} else if got := q.Cost(0); got != c.want {
			t.Errorf("%s: %s costs %q, want %q", c.kind, c.line, got, c.want)
		}
	}
}

func TestCost(t *testing.T) {
	q := plan(t, chained(),
		"move 7 right 50MiB and resize to 120MiB", "check 1", "delete 6", "resize 5 to 20MiB", "new 20MiB fs=swap as=logical",
		"move 5 right 512KiB")
	want := []string{"copies about 10.0 MiB, resize2fs", "e2fsck", "instant", "resize2fs", "mkswap", "copies about 10.0 MiB"}
	for i := range want {
		if got := q.Cost(i); got != want[i] {
			t.Errorf("cost %d %q, want %q", i, got, want[i])
		}
	}
	p := full(1, mib, 101*mib, 30*geometry.MiB)
	for _, tt := range []struct {
		kind            model.FSKind
		dirty           string
		copies, skipped geometry.Bytes
	}{
		{model.Ext4, "", 30, 70}, {model.Ext4, "has errors", 100, 0}, {model.NTFS, "", 100, 0}, {model.Swap, "", 0, 0},
	} {
		p.FS.Kind, p.FS.Dirty = tt.kind, model.Reason(tt.dirty)
		copies, skipped := ops.MoveCost(mbr(1000*mib, p), env(), p)
		if copies != tt.copies*geometry.MiB || skipped != tt.skipped*geometry.MiB {
			t.Errorf("%s %s: copies %d, skips %d", tt.kind, tt.dirty, copies, skipped)
		}
	}
}
