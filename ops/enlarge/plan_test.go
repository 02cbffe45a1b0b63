package enlarge

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/internal/testdisk"
)

const mib = testdisk.MiB

func env() ops.Env {
	return ops.Env{Tight: Tight, Caps: ops.Capabilities{
		model.Ext4: {MinSize: 256 * geometry.KiB, FreeKnown: true},
		model.Swap: {Check: "swap space needs no check", MinSize: 40 * geometry.KiB},
		model.XFS:  {Shrink: "XFS cannot be shrunk"},
		model.NTFS: {KeepsPosition: true},
		model.LUKS: {Grow: "it is not resized here", Shrink: "it is not resized here"},
	}}
}

// spans writes where the partitions are, in MiB, with the length of the disk: "1 1-101, 2 101-201; 300".
func spans(d model.Disk) string {
	var list []string
	for p := range d.Each() {
		list = append(list, fmt.Sprintf("%d %s-%s", p.Number, inMiB(p.Span.Start), inMiB(p.Span.End)))
	}
	slices.Sort(list)
	return strings.Join(list, ", ") + "; " + inMiB(d.Sectors)
}

func inMiB(n geometry.Sector) string {
	if n%mib == 0 {
		return fmt.Sprint(n / mib)
	}
	return fmt.Sprintf("%d+%d", n/mib, n%mib)
}

// logical makes the partition a logical one with its boot record so many sectors before it.
func logical(p model.Partition, before geometry.Sector) model.Partition {
	p.Role, p.EBR = model.Logical, p.Span.Start-before
	return p
}

func extended(n int, start, end geometry.Sector) model.Partition {
	p := testdisk.Part(n, start, end, model.Filesystem{})
	p.Role, p.Type = model.Extended, model.MBRExtended
	return p
}

func swap(n int, start, end geometry.Sector) model.Partition {
	return testdisk.Part(n, start, end, model.Filesystem{Kind: model.Swap, Size: geometry.Sector512.Bytes(end - start), Used: -1})
}

// chain is an MBR with a root at the front, and an extended partition behind it with two logical ones.
func chain() model.Disk {
	return testdisk.MBR(400*mib, testdisk.Full(1, mib, 101*mib, 20*geometry.MiB), extended(2, 101*mib, 301*mib),
		logical(testdisk.Full(5, 102*mib, 150*mib, geometry.MiB), mib), logical(swap(6, 200*mib+63, 300*mib), 63))
}

// inside is an MBR whose root is a logical partition.
func inside() model.Disk {
	return testdisk.MBR(400*mib, testdisk.Full(1, mib, 51*mib, 20*geometry.MiB), extended(2, 51*mib, 301*mib),
		logical(testdisk.Full(5, 52*mib, 152*mib, 20*geometry.MiB), mib), logical(swap(6, 153*mib, 200*mib), mib),
		testdisk.Full(3, 301*mib, 350*mib, geometry.MiB))
}

func TestLarger(t *testing.T) {
	two := testdisk.MBR(210*mib, testdisk.Full(1, 63, 100*mib, geometry.MiB), testdisk.Full(2, 100*mib+5, 200*mib, geometry.MiB))
	gpt := testdisk.GPT(210*mib, testdisk.Full(2, 10*mib, 100*mib, geometry.MiB), testdisk.Full(1, mib, 10*mib, geometry.MiB), swap(3, 100*mib, 205*mib))
	for name, c := range map[string]struct {
		disk  model.Disk
		root  model.PartID
		to    geometry.Sector
		align geometry.Alignment
		want  string // "" for nothing to do
	}{
		"swap behind":                {gpt, 2, 310*mib + 7, geometry.AlignMiB, "1 1-10, 2 10-204, 3 204-309; 310+7"},
		"the present size":           {gpt, 2, 210 * mib, geometry.AlignMiB, "1 1-10, 2 10-104, 3 104-209; 210"},
		"the last one":               {gpt, 3, 310 * mib, geometry.AlignMiB, "1 1-10, 2 10-100, 3 100-309; 310"},
		"off the grid":               {two, 1, 300 * mib, geometry.AlignMiB, "1 0+63-200, 2 200+5-300; 300"},
		"every sector":               {two, 1, 300*mib + 9, geometry.AlignNone, "1 0+63-200+14, 2 200+14-300+9; 300+9"},
		"less than a grid line more": {two, 2, 210*mib + 100, geometry.AlignMiB, "1 0+63-100, 2 100+5-210; 210+100"},
		"an extended one behind":     {chain(), 1, 500 * mib, geometry.AlignMiB, "1 1-300, 2 300-500, 5 301-349, 6 399+63-499; 500"},
		"a logical root":             {inside(), 5, 500 * mib, geometry.AlignMiB, "1 1-51, 2 51-451, 3 451-500, 5 52-403, 6 404-451; 500"},
		"a swap as the root":         {inside(), 3, 500 * mib, geometry.AlignMiB, "1 1-51, 2 51-301, 3 301-500, 5 52-152, 6 153-200; 500"},
	} {
		t.Run(name, func(t *testing.T) {
			q := staged(t, c.disk, func(q ops.Queue) ([]ops.Operation, error) { return Larger(q, c.root, c.to, c.align) })
			if got := spans(q.Preview()); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			again := staged(t, q.Preview(), func(q ops.Queue) ([]ops.Operation, error) { return Larger(q, c.root, c.to, c.align) })
			if again.Len() > 0 {
				t.Errorf("a second time: %s", spans(again.Preview()))
			}
			kept(t, c.disk, q.Preview(), c.root)
			back := staged(t, q.Preview(), func(q ops.Queue) ([]ops.Operation, error) { return Smaller(q, c.root, c.disk.Sectors, c.align) })
			if back.Preview().Sectors != c.disk.Sectors {
				t.Errorf("it does not shrink: %s", spans(back.Preview()))
			}
			kept(t, q.Preview(), back.Preview(), c.root)
		})
	}
}

// staged stages the operations of a plan on a disk.
func staged(t *testing.T, d model.Disk, plan func(ops.Queue) ([]ops.Operation, error)) ops.Queue {
	t.Helper()
	q := ops.NewQueue(d, env())
	list, err := plan(q)
	for _, op := range list {
		if err == nil {
			q, err = q.Stage(op)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// kept makes sure that only the root has another length, and that nothing before it has moved. The extended partition around
// a logical root gets longer or shorter with it.
func kept(t *testing.T, before, after model.Disk, root model.PartID) {
	t.Helper()
	r, _ := before.Partition(root)
	for was := range before.Each() {
		is, _ := after.Partition(was.ID)
		if around := was.Role == model.Extended && r.Role == model.Logical; was.ID != root && !around && is.Span.Len() != was.Span.Len() {
			t.Errorf("%s has another length", was.Ref())
		}
		if was.Span.Start <= r.Span.Start && is.Span.Start != was.Span.Start {
			t.Errorf("%s has moved", was.Ref())
		}
	}
}

func TestSmaller(t *testing.T) {
	for name, c := range map[string]struct {
		disk model.Disk
		root model.PartID
		to   geometry.Sector // 0: as small as possible
		want string
	}{
		"from free space alone":        {chain(), 1, 350 * mib, "1 1-101, 2 101-301, 5 102-150, 6 200+63-300; 350"},
		"an extended one behind":       {chain(), 1, 250*mib + 1, "1 1-50, 2 50-250, 5 51-99, 6 149+63-249; 250+1"},
		"an extended one, to the end":  {chain(), 1, 0, "1 1-22, 2 22-222, 5 23-71, 6 121+63-221; 222"},
		"a logical root":               {inside(), 5, 300 * mib, "1 1-51, 2 51-251, 3 251-300, 5 52-152, 6 153-200; 300"},
		"a logical root, more":         {inside(), 5, 200 * mib, "1 1-51, 2 51-151, 3 151-200, 5 52-103, 6 104-151; 200"},
		"a logical root, to the end":   {inside(), 5, 0, "1 1-51, 2 51-121, 3 121-170, 5 52-73, 6 74-121; 170"},
		"the last one, to any sector":  {testdisk.GPT(210*mib, testdisk.Full(1, mib, 205*mib, geometry.MiB)), 1, 100*mib + 5, "1 1-99+2020; 100+5"},
		"the last one, to the end":     {testdisk.GPT(210*mib, testdisk.Full(1, mib, 205*mib, geometry.MiB)), 1, 0, "1 1-3; 3+33"},
		"free space alone, to the end": {testdisk.GPT(210*mib, testdisk.Full(1, mib, 101*mib, 100*geometry.MiB)), 1, 0, "1 1-101; 101+33"},
	} {
		t.Run(name, func(t *testing.T) {
			q := staged(t, c.disk, func(q ops.Queue) ([]ops.Operation, error) {
				if c.to == 0 {
					return Tight(q, c.root, geometry.AlignMiB)
				}
				return Smaller(q, c.root, c.to, geometry.AlignMiB)
			})
			if got := spans(q.Preview()); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			kept(t, c.disk, q.Preview(), c.root)
			if c.to > 0 {
				return
			}
			if again, err := Tight(ops.NewQueue(q.Preview(), env()), c.root, geometry.AlignMiB); err != nil || len(again) > 0 {
				t.Errorf("a second time: %v, %v", again, err)
			}
		})
	}
}

// TestTightKnowing makes the plan again after a tool found no room in it.
func TestTightKnowing(t *testing.T) {
	q := staged(t, chain(), func(q ops.Queue) ([]ops.Operation, error) { return Tight(q, 1, geometry.AlignMiB) })
	if !q.Yields(0) {
		t.Fatal("the size is taken for the user's own")
	}
	more, err := q.Knowing(1, 40*geometry.MiB)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := spans(more.Preview()), "1 1-43, 2 43-243, 5 44-92, 6 142+63-242; 243"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestRefused(t *testing.T) {
	xfs := testdisk.GPT(210*mib, testdisk.Part(1, mib, 205*mib, model.Filesystem{Kind: model.XFS, Size: 204 * geometry.MiB, Used: geometry.MiB}))
	fixed := chain()
	fixed.Fixed = true
	asleep := chain()
	p, _ := asleep.Partition(6)
	p.FS.Kind = model.SwSuspend
	asleep = asleep.With(p)
	boots := testdisk.GPT(210*mib, testdisk.Full(1, mib, 100*mib, 20*geometry.MiB), testdisk.Part(2, 100*mib, 101*mib, model.Filesystem{Trait: model.Unread, Used: -1}))
	p, _ = boots.Partition(2)
	p.Type = model.BIOSBoot
	boots = boots.With(p)
	grub := boots
	grub.Loader = model.Loader{Name: "GRUB", Core: geometry.SpanOf(100*mib, 100)}
	for name, c := range map[string]struct {
		disk model.Disk
		plan func(q ops.Queue) ([]ops.Operation, error)
		want string // in the refusal; "" if there is none
	}{
		"enlarge to less":   {chain(), larger(1, 399), "it is 400MiB long"},
		"shrink to more":    {chain(), smaller(1, 401), "it is 400MiB long"},
		"too small":         {chain(), smaller(1, 200), "its files and some slack need 21.0 MiB; it can be 222 MiB long"},
		"XFS":               {xfs, smaller(1, 100), "XFS cannot be shrunk"},
		"XFS, to the end":   {xfs, func(q ops.Queue) ([]ops.Operation, error) { return Tight(q, 1, geometry.AlignMiB) }, "XFS cannot be shrunk"},
		"XFS, free space":   {xfs, smaller(1, 209), ""},
		"a device":          {fixed, larger(1, 401), "`grow P`"},
		"a device as it is": {fixed, larger(1, 400), ""},
		"hibernated":        {asleep, larger(1, 500), "hibernated"},
		"a boot loader":     {boots, larger(1, 500), "by its position"},
		"a GRUB":            {grub, larger(1, 500), ""},
	} {
		_, err := c.plan(ops.NewQueue(c.disk, env()))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if refusal := (*ops.Refusal)(nil); err != nil && !errors.As(err, &refusal) {
			t.Errorf("%s: no refusal", name)
		}
	}
}

func larger(id model.PartID, to geometry.Sector) func(q ops.Queue) ([]ops.Operation, error) {
	return func(q ops.Queue) ([]ops.Operation, error) { return Larger(q, id, to*mib, geometry.AlignMiB) }
}

func smaller(id model.PartID, to geometry.Sector) func(q ops.Queue) ([]ops.Operation, error) {
	return func(q ops.Queue) ([]ops.Operation, error) { return Smaller(q, id, to*mib, geometry.AlignMiB) }
}
