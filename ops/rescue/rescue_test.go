package rescue

import (
	"errors"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/internal/testdisk"
	"shunt/ops/plan"
)

const mib = testdisk.MiB

// lost is a find that returns.
func lost(start, n geometry.Sector) model.Lost {
	return model.Lost{Span: geometry.SpanOf(start, n), FS: testdisk.Ext4(geometry.MiB, 0), Trust: model.Sure}
}

// logical is a find that a boot record lists.
func logical(ebr, start, n geometry.Sector) model.Lost {
	l := lost(start, n)
	l.Listed, l.Entry = model.TableMBR, model.Partition{Role: model.Logical, EBR: ebr, Type: "0x07", Span: l.Span}
	return l
}

func TestStage(t *testing.T) {
	none := model.New(model.Disk{SectorSize: 512, Sectors: 1000 * mib}, nil, nil)
	gone := none
	gone.Table = model.Table{Kind: model.TableGPT}
	gone = model.New(gone, nil, []model.Problem{{Severity: model.Fatal, Text: "both copies are damaged", InTable: true}})
	old := lost(100*mib, 10*mib)
	old.Listed, old.Entry = model.TableGPT, model.Partition{Type: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", Name: "EFI", UUID: "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"}
	inside, doubtful := lost(2*mib, mib), lost(50*mib, mib)
	inside.Inside, doubtful.Trust = 1, model.Doubtful
	for _, tt := range []struct {
		name  string
		disk  model.Disk
		kind  model.TableKind
		found []model.Lost
		want  string
	}{
		{"no table", none, 0, []model.Lost{lost(mib, 10*mib), inside, doubtful, old}, "table new gpt\nnew 10MiB at 2048s keep\n" +
			"new 10MiB at 204800s keep name=\"EFI\" type=esp partuuid=0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0\n"},
		{"a table that is gone", gone, 0, []model.Lost{lost(mib, 10*mib)}, "table new gpt\nnew 10MiB at 2048s keep\n"},
		{"no room for a GPT in front", none, 0, []model.Lost{lost(8, 10*mib)}, "table new mbr\nnew 10MiB at 8s keep as=primary\n"},
		{"no room for a GPT behind", none, 0, []model.Lost{lost(mib, 999*mib)}, "table new mbr\nnew 999MiB at 2048s keep as=primary\n"},
		{"logical ones", none, 0, []model.Lost{lost(mib, 10*mib), logical(11*mib, 12*mib, 10*mib), logical(22*mib, 23*mib, 5*mib)}, "table new mbr\n" +
			"new 17MiB at 22528s as=extended\nnew 10MiB at 2048s keep as=primary\nnew 10MiB at 24576s keep type=0x07 as=logical\nnew 5MiB at 47104s keep type=0x07 as=logical\n"},
		{"an MBR", testdisk.MBR(1000 * mib), 0, []model.Lost{lost(mib, 10*mib)}, "new 10MiB at 2048s keep as=primary\n"},
		{"the kind is chosen", none, model.TableMBR, []model.Lost{lost(mib, 10*mib)}, "table new mbr\nnew 10MiB at 2048s keep as=primary\n"},
	} {
		env := ops.Env{Contents: func(geometry.Span) model.Filesystem { return testdisk.Ext4(geometry.MiB, 0) }}
		q, left, err := Stage(ops.NewQueue(tt.disk, env), tt.found, tt.kind)
		if got := strings.ReplaceAll(plan.Format(q), "ntfs", "0x07"); err != nil || len(left) != 0 || got != tt.want {
			t.Errorf("%s: %v, %v\n got %s\nwant %s", tt.name, err, left, got, tt.want)
		}
	}
}

// A new table loses nothing that is put back after it, and its sentence says so.
func TestNewTableBeforePutBack(t *testing.T) {
	none := model.New(model.Disk{SectorSize: 512, Sectors: 1000 * mib}, nil, nil)
	none.Whole.Trait = model.Unread
	env := ops.Env{Contents: func(geometry.Span) model.Filesystem { return testdisk.Ext4(geometry.MiB, 0) }}
	q, _, err := Stage(ops.NewQueue(none, env), []model.Lost{lost(mib, 10*mib)}, model.TableGPT)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := q.DescribeAt(0).String(), "Make a new GPT; what is not put back is lost"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for q.Len() > 1 {
		q, _, _ = q.Undo()
	}
	if got := q.DescribeAt(0).String(); !strings.Contains(got, "everything in the disk (unknown") {
		t.Errorf("alone: %q", got)
	}
}

// A new table must not overwrite what was found; and what has no slot is named.
func TestStageRefuses(t *testing.T) {
	none := model.New(model.Disk{SectorSize: 512, Sectors: 1000 * mib}, nil, nil)
	for _, l := range []model.Lost{lost(8, 10*mib), lost(33, 10*mib), lost(mib, 999*mib)} {
		_, _, err := Stage(ops.NewQueue(none, ops.Env{}), []model.Lost{l}, model.TableGPT)
		if r := (*ops.Refusal)(nil); !errors.As(err, &r) {
			t.Errorf("%v: %v", l.Span, err)
		}
	}
	var five []model.Lost
	for i := range geometry.Sector(5) {
		five = append(five, lost((1+20*i)*mib, 10*mib))
	}
	q, left, err := Stage(ops.NewQueue(none, ops.Env{}), five, model.TableMBR)
	if err != nil || q.Len() != 5 || len(left) != 1 || left[0].Index != 4 {
		t.Errorf("%d operations, %v, %v", q.Len(), left, err)
	}
}
