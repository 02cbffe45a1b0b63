package ops

import (
	"fmt"
	"slices"
	"strings"

	"shunt/model"
)

// SetFlag sets or clears a flag of a partition. A flag that stands for a type changes the type.
type SetFlag struct {
	tableOnly
	ID   model.PartID
	Flag model.Flag
	On   bool
}

// Part returns the partition whose flag changes.
func (o SetFlag) Part() model.PartID { return o.ID }

// Describe returns "Set flag boot on p1" or "Clear flag lvm on p1; its type becomes Linux file system".
func (o SetFlag) Describe(before model.Disk) Phrase {
	p, _ := before.Partition(o.ID)
	after, _ := o.flagged(before, p)
	words := o.words(p).with(retyped(before, p, after.Type), esp(before, p, after.Type))
	if o.Flag == model.FlagBoot && o.On {
		return words.with(alsoActive(before, p))
	}
	return words
}

func (o SetFlag) words(p model.Partition) Phrase {
	verb := clearing
	if o.On {
		verb = setting
	}
	return phrase(verb, "flag %s on %s", o.Flag, p.Ref())
}

// alsoActive returns a warning if another partition is active, because a BIOS expects only one, else "".
func alsoActive(d model.Disk, p model.Partition) string {
	for _, q := range d.Partitions() {
		if q.ID != p.ID && q.Active {
			return fmt.Sprintf("; %s has it too, and a BIOS may refuse to start from two", q.Ref())
		}
	}
	return ""
}

func (o SetFlag) flagged(d model.Disk, p model.Partition) (after model.Partition, why model.Reason) {
	if o.On {
		return model.WithFlag(d.Table.Kind, p, o.Flag)
	}
	return model.WithoutFlag(d.Table.Kind, p, o.Flag)
}

// Apply returns the disk with the flag set or cleared.
func (o SetFlag) Apply(before model.Disk, _ Env) (model.Disk, error) {
	return edited(before, fitting, o.ID, "change the flags of", func(p *model.Partition) *Refusal {
		r := &Refusal{What: o.words(*p).Do(), Reason: "it is not set"}
		if o.On {
			r.Reason = "it is set already"
		}
		if model.HasFlag(before.Table.Kind, *p, o.Flag) == o.On {
			return r
		}
		after, why := o.flagged(before, *p)
		if why.OK() {
			*p = after
			return nil
		}
		r.Reason, r.Nearest = why, "it can have "+strings.Join(FlagWords(before.Table.Kind, *p), ", ")
		return r
	})
}

// FlagWords returns the flags that can be set or cleared on p, sorted.
func FlagWords(kind model.TableKind, p model.Partition) []string {
	var words []string
	for _, f := range model.FlagsFor(kind, p) {
		words = append(words, string(f))
	}
	slices.Sort(words)
	return words
}
