package enlarge

import (
	"errors"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

// stage collects the operations of a plan. After the first refusal it stages nothing more.
type stage struct {
	queue ops.Queue
	list  []ops.Operation
	err   error
}

func (s *stage) add(op ops.Operation) {
	if s.err != nil {
		return
	}
	if s.queue, s.err = s.queue.Stage(op); s.err == nil {
		s.list = append(s.list, op)
	}
}

// Larger returns the operations that make the image n sectors long and let the root, partition id, have all the room that
// this gives and all that is free behind it. Without any there are no operations. Positions are on the grid of align. The
// error is a *ops.Refusal.
func Larger(q ops.Queue, id model.PartID, n geometry.Sector, align geometry.Alignment) ([]ops.Operation, error) {
	d := q.Preview()
	z := d.SectorSize
	what := "enlarge the image to " + geometry.FormatBytes(z.Bytes(n))
	if n < d.Sectors {
		return nil, &ops.Refusal{
			What: what, Reason: model.Because("it is %s long", exact(d)), Nearest: "`shunt shrink` makes it smaller",
		}
	}
	if err := resizable(d, q.Env(), n, what); err != nil {
		return nil, err
	}
	s := &stage{queue: q}
	if id == 0 {
		return largerWhole(s, n)
	}
	l := lineOf(d, id, q.Env().Medium.Align(align))
	at := places{}
	if n > d.Sectors {
		s.add(ops.ImageSize{Sectors: n})
	}
	l.against(s.queue.Preview().Table.Usable.End, at, func(most geometry.Sector) geometry.Sector { return max(0, most) })
	s.right(l, at)
	s.fill(l)
	return s.list, s.err
}

// fill stages the growth of the root over the room behind it.
func (s *stage) fill(l line) {
	if s.err != nil {
		return
	}
	d, env := s.queue.Preview(), s.queue.Env()
	root, can := l.root, ops.Limit(d, env, l.root.ID)
	end, what := l.down(can.Chosen.End), "let "+root.Ref()+" have the room behind it"
	if end <= root.Span.End && d.Spare(root) == 0 {
		return
	}
	if !can.Grow.OK() {
		s.err = &ops.Refusal{What: what, Reason: can.Grow}
		return
	}
	if most := root.Span.Start + can.Longest; end > most {
		s.err = &ops.Refusal{
			What: what, Reason: model.Because("its %s cannot be larger than %s", root.FS.Word(), ops.AtMost(can.Longest, d.SectorSize)),
			Nearest: "the image can be " + ops.AtMost(d.Sectors-(end-most), d.SectorSize) + " long",
		}
		return
	}
	op, err := ops.GrowToFill(d, env, root.ID, l.align)
	switch {
	case err == nil:
		s.add(op)
	case end > root.Span.End:
		s.err = err
	}
}

// largerWhole is Larger for the file system that covers a disk without a table.
func largerWhole(s *stage, n geometry.Sector) ([]ops.Operation, error) {
	d := s.queue.Preview()
	root, _ := d.Partition(0)
	list := ops.ResizeWhole(d, n)
	if n == d.Sectors {
		list = nil
		if d.Spare(root) > 0 {
			list = []ops.Operation{ops.Fill{}}
		}
	}
	if can := ops.Limit(d, s.queue.Env(), 0); len(list) > 0 && !can.Grow.OK() {
		return nil, &ops.Refusal{What: "enlarge the " + string(root.FS.Kind) + " on the disk", Reason: can.Grow}
	}
	for _, op := range list {
		s.add(op)
	}
	return s.list, s.err
}

// Smaller returns the operations that make the image n sectors long and take what is missing from the root, partition id.
// The error is a *ops.Refusal; it is a *Stuck if the root cannot be made smaller at all.
func Smaller(q ops.Queue, id model.PartID, n geometry.Sector, align geometry.Alignment) ([]ops.Operation, error) {
	d := q.Preview()
	z := d.SectorSize
	what := "shrink the image to " + geometry.FormatBytes(z.Bytes(n))
	switch {
	case n > d.Sectors:
		return nil, &ops.Refusal{
			What: what, Reason: model.Because("it is %s long", exact(d)), Nearest: "`shunt enlarge` makes it larger",
		}
	case n == d.Sectors:
		return nil, nil
	}
	if err := resizable(d, q.Env(), n, what); err != nil {
		return nil, err
	}
	align = q.Env().Medium.Align(align)
	s := &stage{queue: q}
	if id == 0 {
		s.add(ops.ImageSize{Sectors: n})
		return s.list, least(q, id, align, what, s.err)
	}
	l, at := lineOf(d, id, align), places{}
	limit := l.against(d.WithSectors(n).Table.Usable.End, at, func(most geometry.Sector) geometry.Sector { return min(0, most) })
	if limit < l.root.Span.End {
		if err := stuck(d, q.Env(), id, what); err != nil {
			return nil, err
		}
		s.add(ops.MoveResize{ID: id, Len: max(1, limit-l.root.Span.Start)})
	}
	s.left(l, at)
	s.add(ops.ImageSize{Sectors: n})
	return s.list, least(q, id, align, what, s.err)
}

// Tight returns the operations that make the root, partition id, and with it the image as small as possible. Without any
// there are no operations. See ops.Env.
func Tight(q ops.Queue, id model.PartID, align geometry.Alignment) ([]ops.Operation, error) {
	const what = "shrink the image"
	d, env := q.Preview(), q.Env()
	if err := resizable(d, env, 0, what); err != nil {
		return nil, err
	}
	if err := stuck(d, env, id, what); err != nil {
		return nil, err
	}
	align = env.Medium.Align(align)
	s := &stage{queue: q}
	if id == 0 {
		if op, err := ops.ShrinkWhole(d, env, align); err == nil {
			s.add(op)
		}
		return aimed(s.list, ops.Aim{Want: ops.Tight, Align: align}), s.err
	}
	if op, err := ops.ShrinkToMin(d, env, id, align); err == nil {
		s.add(op)
	}
	l, at := lineOf(d, id, align), places{}
	root, _ := s.queue.Preview().Partition(id)
	end := l.behind(root.Span.End, at)
	s.left(l, at)
	// A format that rounds sizes up may already have the smallest.
	smallest, _, _ := ops.ImageLimits(s.queue.Preview(), env)
	if n := max(end+d.Tail(), smallest); n < d.Sectors {
		s.add(ops.ImageSize{Sectors: n})
	}
	return aimed(s.list, ops.Aim{Want: ops.Tight, Part: id, Align: align}), s.err
}

// aimed gives all operations the aim.
func aimed(list []ops.Operation, a ops.Aim) []ops.Operation {
	a.Ops = len(list)
	for i := range list {
		list[i] = ops.Aimed(list[i], a)
	}
	return list
}

// Stuck is the refusal to shrink a root whose file system cannot become smaller, whatever the size.
type Stuck struct{ *ops.Refusal }

// Unwrap returns the refusal.
func (e *Stuck) Unwrap() error { return e.Refusal }

// stuck returns a *Stuck if the root cannot be made smaller.
func stuck(d model.Disk, env ops.Env, id model.PartID, what string) error {
	p, _ := d.Partition(id)
	if can := ops.Limit(d, env, id); !can.Shrink.OK() {
		return &Stuck{&ops.Refusal{What: what, Reason: model.Because("its root, %s, cannot be made smaller: %s", p.Ref(), can.Shrink)}}
	}
	return nil
}

// least returns err, and says how small the image can be if it was asked to be smaller than possible.
func least(q ops.Queue, id model.PartID, align geometry.Alignment, what string, err error) error {
	if err == nil {
		return nil
	}
	r := &ops.Refusal{What: what, Reason: model.Reason(err.Error())}
	if why := (*ops.Refusal)(nil); errors.As(err, &why) {
		r.Reason = why.Reason
	}
	list, impossible := Tight(q, id, align)
	for _, op := range list {
		if q, impossible = q.Stage(op); impossible != nil {
			break
		}
	}
	if impossible == nil {
		r.Nearest = "it can be " + ops.AtLeast(q.Preview().Sectors, q.Preview().SectorSize) + " long"
	}
	return r
}

// resizable refuses a change of a size that cannot change. n is the wanted size in sectors, 0 if it is not known yet.
func resizable(d model.Disk, env ops.Env, n geometry.Sector, what string) error {
	if _, _, cannot := ops.ImageLimits(d, env); !cannot.OK() && n != d.Sectors {
		r := &ops.Refusal{What: what, Reason: cannot}
		if d.Fixed {
			r.Nearest = "a partition fills the free space behind it with the line `grow P` of a plan, or with `shunt enlarge` to the present size, " +
				exact(d)
		}
		return r
	}
	return nil
}

// exact formats the size of the disk without loss.
func exact(d model.Disk) string { return geometry.FormatExact(d.Size(), d.SectorSize) }
