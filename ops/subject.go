package ops

import (
	"cmp"
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// finder returns the partition that an operation edits, or refuses the edit. verb names the edit in the refusal: "move".
type finder func(d model.Disk, id model.PartID, verb string) (model.Partition, error)

// entry returns a partition for an edit that only changes its entry in the table.
func entry(d model.Disk, id model.PartID, verb string) (model.Partition, error) {
	p, ok := d.Partition(id)
	if !ok {
		return p, &Refusal{What: verb + " the partition", Reason: "it does not exist at this point of the queue"}
	}
	if r := readOnly(d); r != nil {
		r.What = verb + " " + p.Ref()
		return p, r
	}
	return unless(pinned(p), p, verb)
}

// readOnly returns the refusal of every edit if the disk must not be edited, else nil. It offers to enlarge the image if that
// would help.
func readOnly(d model.Disk) *Refusal {
	r := refusedFor(d.ReadOnly())
	if n := d.Needs(); n > 0 && !d.Fixed {
		r.Nearest = "first enlarge the image to " + AtLeast(n, d.SectorSize) + " or more"
		r.First = []Operation{ImageSize{Sectors: n}}
	}
	return r
}

// pinned returns the reason why neither p nor its entry may change, or "".
func pinned(p model.Partition) model.Reason {
	if p.Pinned {
		return "it belongs to what begins with sector 0 and would be damaged: only the room behind that is free"
	}
	return ""
}

// fitting is like entry, but refuses a partition that is shorter than its file system, or that another file system reaches
// into.
func fitting(d model.Disk, id model.PartID, verb string) (model.Partition, error) {
	p, err := entry(d, id, verb)
	if err != nil {
		return p, err
	}
	return unless(misfit(d, p), p, verb)
}

// stretchable returns a partition for a resize within its limits. A partition in use may still be able to grow.
func stretchable(d model.Disk, id model.PartID, verb string) (model.Partition, error) {
	p, err := entry(d, id, verb)
	if err != nil {
		return p, err
	}
	if r := refusedFor(untouchable(p.FS)); r != nil {
		r.What = verb + " " + p.Ref()
		return p, r.OrDiscard(p)
	}
	return p, nil
}

// removable returns a partition that is to be deleted, whatever it holds.
func removable(d model.Disk, id model.PartID, verb string) (model.Partition, error) {
	p, err := stretchable(d, id, verb)
	if err != nil {
		return p, err
	}
	return unless(inUse(p), p, verb)
}

// subject returns a partition for an edit of its contents or its place.
func subject(d model.Disk, id model.PartID, verb string) (model.Partition, error) {
	p, err := removable(d, id, verb)
	if err != nil {
		return p, err
	}
	return unless(misfit(d, p), p, verb)
}

// holder returns a partition for an edit of its file system.
func holder(d model.Disk, id model.PartID, verb string) (model.Partition, error) {
	p, err := subject(d, id, verb)
	if err != nil {
		return p, err
	}
	return unless(holdsNone(p.Role), p, verb)
}

func holdsNone(role model.Role) model.Reason {
	if role == model.Extended {
		return "an extended partition holds no file system"
	}
	return ""
}

func unless(reason model.Reason, p model.Partition, verb string) (model.Partition, error) {
	if reason.OK() {
		return p, nil
	}
	return p, &Refusal{What: verb + " " + p.Ref(), Reason: reason}
}

// untouchable returns the reason why contents must stay exactly as they are and where they are, or "". A hibernated system
// resumes with the old layout in memory and writes accordingly.
func untouchable(fs model.Filesystem) model.Reason {
	if fs.Kind.Frozen() || fs.Trait == model.Hibernated {
		return "it holds a hibernated system: start that system and shut it down first"
	}
	return ""
}

// cannotMove returns the reason why the bytes of p must stay at their place, or "".
func cannotMove(d model.Disk, env Env, p model.Partition) model.Reason {
	switch {
	case p.Role == model.Extended:
		return ""
	case !untouchable(p.FS).OK():
		return untouchable(p.FS)
	case p.Use.Busy():
		return inUse(p)
	case model.IsDynamic(p.Type):
		return dynamicDisk
	case p.Type == model.BIOSBoot && !loaderFollows(d, p) && p.FS.Word() != model.BlankWord:
		return bootsByPosition
	}
	if p.FS.Trait == model.Anchored {
		return pointsElsewhere
	}
	c := env.Caps.For(p.FS)
	if p.FS.Kind.MadeAnew() && c.Move.OK() {
		return c.Create // swap space is not copied but made anew
	}
	return c.Move
}

const pointsElsewhere model.Reason = "the table of partitions inside it (a disklabel) counts from the start of the " +
	"disk and would point to the old place: move it with the system it belongs to"

const dynamicDisk model.Reason = "it belongs to a dynamic disk of Windows, whose own database says where the volumes are: " +
	"change it with the disk management of Windows"

// cannotResize returns the reason why the contents of p cannot follow a change of its length, or "".
func cannotResize(d model.Disk, p model.Partition) model.Reason {
	raid, typed := model.TypeByAlias(d.Table.Kind, "raid")
	switch {
	case p.Role == model.Extended:
		return ""
	case !untouchable(p.FS).OK():
		return untouchable(p.FS)
	case model.IsDynamic(p.Type):
		return dynamicDisk
	case typed && p.Type == raid:
		return "a RAID member may be described at its end"
	case p.FS.Trait == model.Unread, p.FS.Trait == model.Anchored, p.FS.Trait == model.Divided:
		return model.Because("it %s, so it cannot learn its new size", p.FS.Notes)
	}
	return ""
}

func cannotGrow(d model.Disk, env Env, p model.Partition) model.Reason {
	if p.Use.Busy() {
		return online(env, p)
	}
	if reason := cannotResize(d, p); !reason.OK() || p.Role == model.Extended || !p.FS.Known() {
		return reason
	}
	return env.Caps.For(p.FS).Grow
}

func cannotShrink(d model.Disk, env Env, p model.Partition) model.Reason {
	reason := cmp.Or(inUse(p), cannotResize(d, p))
	if !reason.OK() || p.Role == model.Extended || !p.FS.Known() {
		return reason
	}
	can := env.Caps.For(p.FS).Shrink
	switch {
	case !can.OK(), p.FS.Kind.MadeAnew():
		return can
	case !p.FS.Dirty.OK():
		return model.Because("what its %s says of free space cannot be trusted (%s): check it first", p.FS.Kind, p.FS.Dirty)
	case p.FS.Used < 0:
		return "it is not known how much of it is used"
	}
	return ""
}

// Slack says how much more than its contents need a kind of file system keeps when it is made as small as possible.
type Slack int

// The kinds of slack.
const (
	SlackOnAll  Slack = iota // the smallest size is an estimate, and a full file system is useless
	SlackOnUsed              // the smallest size is exact, but a full file system is useless
	NoSlack                  // the smallest size is exact, and nothing there grows
)

// least returns the smallest size of a file system.
func (s Slack) least(fs model.Filesystem) geometry.Bytes {
	switch s {
	case NoSlack:
		return fs.Min
	case SlackOnUsed:
		return max(fs.Used+slack(fs.Used), fs.Min)
	case SlackOnAll:
	}
	base := fs.Min
	if base <= 0 {
		base = fs.Used
	}
	return base + slack(base)
}

// words returns the start of a sentence about the smallest size.
func (s Slack) words(fs model.Filesystem) string {
	switch {
	case s == NoSlack:
		return "what is used of it needs"
	case s == SlackOnUsed && s.least(fs) == fs.Min:
		return fmt.Sprintf("with blocks of %s no %s is smaller than", geometry.FormatBytes(fs.BlockSize), fs.Kind)
	}
	return "its files and some slack need"
}

// slack returns how much larger than b a file system stays if b is the smallest size according to its superblock. That size
// is an estimate, and a full file system is useless. The slack is 5 % up to 100 MiB and falls to 2 % at 1 GiB.
func slack(b geometry.Bytes) geometry.Bytes {
	const low, high = 100 * geometry.MiB, geometry.GiB
	switch {
	case b <= low:
		return b / 20
	case b >= high:
		return b / 50
	}
	// The share in hundred-thousandths falls linearly from 5000 to 2000.
	share := 5000 - 3000*(b-low)/(high-low)
	return b / 100_000 * share
}

// MinFloor is the smallest length to which anything is shrunk.
const MinFloor = geometry.MiB

// leastLen returns the smallest length in sectors that the contents of p allow, at most its present length, and what needs
// it. It does not say whether p can be shrunk at all.
func leastLen(d model.Disk, env Env, p model.Partition) (n geometry.Sector, why Need) {
	least, why := MinFloor, Need{text: "no partition is made smaller than 1 MiB"}
	if p.Role != model.Extended && p.FS.Known() && !p.FS.Kind.MadeAnew() {
		c := env.Caps.For(p.FS)
		if c.MinSize > least {
			least, why = c.MinSize, Need{text: fmt.Sprintf("no %s is smaller than %s", p.FS.Kind, geometry.FormatBytes(c.MinSize))}
		}
		if need := c.Slack.least(p.FS); need > least {
			least = need
			why = Need{c.Slack.words(p.FS), least}
			if p.FS.BlockSize > 0 {
				least = (least + p.FS.BlockSize - 1) / p.FS.BlockSize * p.FS.BlockSize
			}
		}
	}
	return min(d.SectorSize.Up(least), p.Span.Len()), why
}
