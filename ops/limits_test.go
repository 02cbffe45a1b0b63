package ops_test

import (
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

func span(start, end geometry.Sector) geometry.Span { return geometry.Span{Start: start, End: end} }

func TestLimit(t *testing.T) {
	luks := part(1, 100*mib, 200*mib, model.Filesystem{Kind: model.LUKS, Used: -1})
	tests := []struct {
		name               string
		disk               model.Disk
		id                 model.PartID
		room, chosen, keep geometry.Span
		minLen, maxLen     geometry.Sector
	}{
		{"founding p1", founding(), 1, span(1, 988033), span(63, 988033), span(0, 0), 53760, 988032},
		{"founding p2", founding(), 2, span(988033, 1978368), span(988033, 1978368), span(0, 0), 55056, 990335},
		{"first logical", chained(), 5, span(204802, 411646), span(206848, 409600), span(0, 0), 21504, 206844},
		{"middle logical", chained(), 6, span(409602, 821246), span(411648, 819200), span(0, 0), 21504, 411644},
		{"last logical", chained(), 7, span(614402, 1843200), span(616448, 1843200), span(0, 0), 21504, 1228798},
		{"extended", chained(), 2, span(204800, 2048000), span(204800, 2048000), span(206846, 1024000), 817154, 1843200},
		{"before extended", chained(), 1, span(1, 204800), span(2048, 204800), span(0, 0), 2152, 204799},
		{"luks", mbr(1000*mib, luks), 1, span(1, 2048000), span(2048, 2048000), span(0, 0), 204800, 204800},
		{"gpt", gpt(1000*mib, full(3, 100*mib, 200*mib, 0)), 3, span(34, 2047967), span(2048, 2047967), span(0, 0), 2048, 2047933},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := ops.Limit(tt.disk, env(), tt.id)
			if l.Room != tt.room || l.Chosen != tt.chosen || l.Keep != tt.keep {
				t.Errorf("room %v chosen %v keep %v, want %v %v %v", l.Room, l.Chosen, l.Keep, tt.room, tt.chosen, tt.keep)
			}
			if l.MinLen != tt.minLen || l.MaxLen != tt.maxLen {
				t.Errorf("length %d to %d, want %d to %d", l.MinLen, l.MaxLen, tt.minLen, tt.maxLen)
			}
		})
	}
	if l := ops.Limit(founding(), env(), 9); l.Move.OK() || l.Grow.OK() || l.Shrink.OK() {
		t.Errorf("a partition that is not there: %+v", l)
	}
	if l := ops.Limit(mbr(1000*mib, luks), env(), 1); !l.Move.OK() || l.Grow.OK() || l.Shrink.OK() {
		t.Errorf("luks: %+v", l)
	}
}

// The slack over the least size falls from 5 % at 100 MiB to 2 % at 1 GiB.
func TestSlack(t *testing.T) {
	for _, tt := range []struct{ used, want geometry.Bytes }{
		{10 * geometry.MiB, 10*geometry.MiB + 512*geometry.KiB},
		{100 * geometry.MiB, 105 * geometry.MiB},
		{562 * geometry.MiB, 581*geometry.MiB + 686*geometry.KiB}, // half way: 3.5 %
		{geometry.GiB, geometry.GiB + 20*geometry.MiB + 492*geometry.KiB},
		{2 * geometry.GiB, 2*geometry.GiB + 40*geometry.MiB + 984*geometry.KiB},
	} {
		d := mbr(4000*mib, full(1, mib, 4000*mib, tt.used))
		got := d.SectorSize.Bytes(ops.Limit(d, env(), 1).MinLen)
		if diff := got - tt.want; diff < -8*geometry.KiB || diff > 8*geometry.KiB {
			t.Errorf("used %d: least %d, want about %d", tt.used, got, tt.want)
		}
	}
}

func TestSnap(t *testing.T) {
	p := full(1, 100*mib, 200*mib, 0)
	odd := full(1, 100*mib+7, 200*mib+7, 0)
	d := mbr(1000*mib, p)
	oddDisk := mbr(1000*mib, odd, full(2, 200*mib+500, 300*mib, 0))
	tests := []struct {
		name   string
		disk   model.Disk
		id     model.PartID
		handle ops.Handle
		want   geometry.Span // the span that is asked for
		snap   geometry.Span
	}{
		{"end to the grid", d, 1, ops.RightEdge, span(100*mib, 250*mib+900), span(100*mib, 250*mib)},
		{"end to the next line", d, 1, ops.RightEdge, span(100*mib, 250*mib+1100), span(100*mib, 251*mib)},
		{"end beyond the disk", d, 1, ops.RightEdge, span(100*mib, 5000*mib), span(100*mib, 1000*mib)},
		{"end before the start", d, 1, ops.RightEdge, span(100*mib, 0), span(100*mib, 101*mib)},
		{"start to the grid", d, 1, ops.LeftEdge, span(90*mib+5, 200*mib), span(90*mib, 200*mib)},
		{"start before the disk", d, 1, ops.LeftEdge, span(-5, 200*mib), span(mib, 200*mib)},
		{"start behind the end", d, 1, ops.LeftEdge, span(300*mib, 200*mib), span(199*mib, 200*mib)},
		{"whole", d, 1, ops.WholePartition, span(333*mib+3, 433*mib+3), span(333*mib, 433*mib)},
		{"whole beyond the disk", d, 1, ops.WholePartition, span(999*mib, 1099*mib), span(900*mib, 1000*mib)},
		{"untouched stays off the grid", oddDisk, 1, ops.WholePartition, span(100*mib+7, 200*mib+7), span(100*mib+7, 200*mib+7)},
		{"no line between", oddDisk, 1, ops.RightEdge, span(100*mib+7, 200*mib+300), span(100*mib+7, 200*mib+7)},
		{"never backwards", oddDisk, 1, ops.WholePartition, span(100*mib+40, 200*mib+40), span(100*mib+7, 200*mib+7)},
		{"before a boot record", chained(), 5, ops.RightEdge, span(101*mib, 300*mib), span(101*mib, 200*mib)},
		{"logical to the grid", chained(), 6, ops.WholePartition, span(500*mib, 600*mib), span(301*mib, 400*mib)},
		{"extended around logicals", chained(), 2, ops.RightEdge, span(100*mib, 300*mib), span(100*mib, 500*mib)},
		{"extended start", chained(), 2, ops.LeftEdge, span(150*mib, 900*mib), span(100*mib, 900*mib)},
		{"extended whole", chained(), 2, ops.WholePartition, span(150*mib, 950*mib), span(100*mib, 900*mib)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := tt.disk.Partition(tt.id)
			got := ops.Limit(tt.disk, env(), tt.id).Snap(p.Span, tt.want, tt.handle, geometry.AlignMiB, tt.disk.SectorSize)
			if got != tt.snap {
				t.Errorf("%v, want %v", got, tt.snap)
			}
			if got == p.Span {
				return
			}
			if _, err := ops.NewQueue(tt.disk, env()).Stage(ops.MoveResizeTo(tt.disk, tt.id, got)); err != nil {
				t.Errorf("snapped to what is refused: %v", err)
			}
		})
	}
}

func TestRoomForNew(t *testing.T) {
	rooms := map[string][]geometry.Span{
		"mib":      {span(1843200, 2048000), span(616448, 819200), span(1026048, 1843200)},
		"none":     {span(1843200, 2048000), span(616448, 819200), span(1026048, 1843200)},
		"cylinder": {span(1847475, 2040255), span(626535, 819315-16065), span(1028160, 1831410)},
	}
	for word, want := range rooms {
		align, err := geometry.ParseAlignment(word)
		if err != nil {
			t.Fatal(err)
		}
		var got []geometry.Span
		for _, role := range []model.Role{model.Primary, model.Logical} {
			for _, gap := range model.Gaps(chained(), model.Readable) {
				if gap.Role != role {
					continue
				}
				room, err := ops.RoomForNew(chained(), gap, align)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, room)
			}
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: room %d %v, want %v", word, i, got[i], want[i])
			}
		}
	}
	_, err := ops.RoomForNew(mbr(1000*mib), model.Gap{Span: span(5000, 6500)}, geometry.AlignMiB)
	refused(t, err, "cannot create a partition: the free space there, 750 KiB, is too small on the mib grid")
	// Boot loaders live before the first partition, whatever the grid.
	if room, err := ops.RoomForNew(mbr(1000*mib), model.Gaps(mbr(1000*mib), model.Readable)[0], geometry.AlignNone); err != nil || room.Start != mib {
		t.Errorf("first room %v, %v", room, err)
	}
}

func TestRolesFor(t *testing.T) {
	for _, tt := range []struct {
		name string
		disk model.Disk
		gap  int
		want []model.Role
	}{
		{"mbr", mbr(1000 * mib), 0, []model.Role{model.Primary, model.Extended}},
		{"gpt", gpt(1000 * mib), 0, []model.Role{model.Primary}},
		{"inside", chained(), 0, []model.Role{model.Logical}},
		{"has extended", chained(), 2, []model.Role{model.Primary}},
	} {
		roles, why := ops.RolesFor(tt.disk, model.Gaps(tt.disk, model.Readable)[tt.gap])
		if len(roles) != len(tt.want) || roles[0] != tt.want[0] || why != "" {
			t.Errorf("%s: %v %q", tt.name, roles, why)
		}
	}
	if roles, why := ops.RolesFor(model.New(model.Disk{SectorSize: 512, Sectors: 9}, nil, nil), model.Gap{}); roles != nil || why == "" {
		t.Errorf("no table: %v %q", roles, why)
	}
}
