package ops_test

import (
	"strings"
	"testing"

	"shunt/model"
	"shunt/ops"
)

// TestHybrid follows a hybrid MBR through other edits.
func TestHybrid(t *testing.T) {
	t.Parallel()
	esp := full(1, mib, 2*mib, 1)
	esp.Type = model.DefaultType(model.TableGPT, model.Primary, model.FAT32)
	disk := gpt(100*mib, esp, full(2, 3*mib, 4*mib, 1), full(3, 5*mib, 6*mib, 1))
	q := plan(t, disk, "table hybrid 3 1 active=1")
	if got, want := q.Ops()[0].Describe(disk).String(), "List p3 as type 0x83, p1 as type "+string(model.MBRType(esp.Type, esp.FS.Kind))+
		" (active) in the first sector too, as a hybrid MBR"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := strings.Join(q.Consequences(), "\n"); !strings.Contains(got, "Makes a hybrid MBR: the first sector lists p3, p1 a second time") {
		t.Errorf("the consequences are %q", got)
	}
	list := func(q ops.Queue) string {
		var refs []string
		for _, id := range ops.HybridOf(q.Preview()).Parts() {
			p, _ := q.Preview().Partition(id)
			refs = append(refs, p.Ref())
		}
		return strings.Join(refs, " ")
	}
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{[]string{"table hybrid 3 1", "delete 3"}, "p1"},
		{[]string{"table hybrid 3 1", "move 3 right 1MiB", "delete 2", "table sort"}, "p2 p1"},
		{[]string{"table hybrid 3 1", "table hybrid 2 1 3 ee=last"}, "p2 p1 p3"},
		{[]string{"table hybrid 3 1", "copy 3 at 50MiB", "type 3 swap", "table hybrid none"}, ""},
		{[]string{"table hybrid 3 1", "copy 3 at 50MiB"}, "p3 p1"},
		{[]string{"table hybrid 3 1", "copy 3 over 2"}, "p3 p1"},
		{[]string{"table hybrid 3 1", "format 1 fs=ext4"}, "p3 p1"},
		{[]string{"table hybrid 3 1", "table new gpt"}, ""},
	} {
		if got := list(plan(t, disk, c.lines...)); got != c.want {
			t.Errorf("%q lists %q, want %q", c.lines, got, c.want)
		}
	}
}

func TestHybridRefusals(t *testing.T) {
	t.Parallel()
	const end = model.MBRSectors
	four := gpt(end+100*mib, full(1, mib, 2*mib, 1), full(2, 3*mib, 4*mib, 1), full(3, end-mib, end, 1), full(4, end, end+mib, 1))
	with := func(lines ...string) ops.Queue { return plan(t, four, lines...) }
	stray := four
	stray.Table.Strays = 2
	h := func(active model.PartID, ids ...model.PartID) ops.Hybrid { return ops.NewHybrid(ids, active, false) }
	const cannot = "cannot list partitions of the GPT in the first sector: "
	for _, c := range []struct {
		q    ops.Queue
		op   ops.Operation
		want string
	}{
		{with(), h(0, 1, 2, 3, 4), cannot + "one of its four entries protects the GPT; it can list up to 3"},
		{with(), h(0, 1, 1), cannot + "p1 is given twice"},
		{with(), h(2, 1), cannot + "the active partition is not among them"},
		{with(), h(0, 9), cannot + "one of them is no longer there"},
		{with(), h(0), cannot + "it lists none"},
		{with("table hybrid 2 3"), h(0, 2, 3), cannot + "it lists them so already"},
		{with("table flag boot on"), h(1, 1), cannot + "the protective entry has the active flag, and a BIOS may refuse to start from two; clear the flag boot of the table first"},
		{with("table hybrid 2 active=2"), ops.ProtectiveBoot{On: true}, "cannot set flag boot on the protective MBR: p2 has it in the hybrid MBR, and a BIOS may refuse to start from two"},
		{with(), h(0, 3, 4), cannot + "p4 ends at sector 4,294,969,343, and an MBR only reaches sector 4,294,967,295 (2.00 TiB)"},
		{with("table hybrid 3", "delete 4"), ops.MoveResize{ID: 3, Shift: 1}, ""},
		{with("table new mbr"), h(0), cannot + "only a GPT has that"},
		{ops.NewQueue(stray, env()), h(0), cannot + "the first sector lists partitions that the GPT does not have, 2 of them; make the two agree with `gdisk` first (commands r, o)"},
	} {
		_, err := c.q.Stage(c.op)
		if c.want == "" {
			if err == nil || !strings.Contains(err.Error(), "is in the hybrid MBR too, which ends at sector 2^32") {
				t.Errorf("%v: %v", c.op, err)
			}
			continue
		}
		refused(t, err, c.want)
	}
}
