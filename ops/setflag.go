package ops

import (
	"fmt"
	"slices"
	"strings"

	"shunt/model"
)

// SetFlag sets or clears a flag of a partition. A flag that stands for a type changes the type.
type SetFlag struct {
	ID   model.PartID
	Flag model.Flag
	On   bool
}

// Part is the partition that has the flag.
func (o SetFlag) Part() model.PartID { return o.ID }

// Verb is the edit in a word.
func (o SetFlag) Verb() string { return "Flag" }

// Describe is "Set flag boot on p1" or "Clear flag lvm on p1; its type becomes Linux file system".
func (o SetFlag) Describe(before model.Disk) string {
	p, _ := before.Partition(o.ID)
	verb := "Clear"
	if o.On {
		verb = "Set"
	}
	after, _ := o.flagged(before, p)
	text := fmt.Sprintf("%s flag %s on %s", verb, o.Flag, p.Ref()) + retyped(before, p, after) + esp(before, p, after.Type)
	if o.Flag == model.FlagBoot && o.On {
		text += alsoActive(before, p)
	}
	return text
}

// alsoActive tells which other partitions are active: a BIOS wants one.
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

// Apply is the disk with the flag set or cleared.
func (o SetFlag) Apply(before model.Disk, _ Env) (model.Disk, error) {
	p, err := entry(before, o.ID, "change the flags of")
	if err != nil {
		return before, err
	}
	what := fmt.Sprintf("clear flag %s on %s", o.Flag, p.Ref())
	if o.On {
		what = fmt.Sprintf("set flag %s on %s", o.Flag, p.Ref())
	}
	if model.HasFlag(before.Table.Kind, p, o.Flag) == o.On {
		reason := model.Reason("it is not set")
		if o.On {
			reason = "it is set already"
		}
		return before, &Refusal{What: what, Reason: reason}
	}
	after, why := o.flagged(before, p)
	if !why.OK() {
		words := FlagWords(before.Table.Kind, p)
		return before, &Refusal{What: what, Reason: why, Nearest: "it can have " + strings.Join(words, ", ")}
	}
	return before.With(after), nil
}

// FlagWords are the flags that can be set or cleared on p, sorted.
func FlagWords(kind model.TableKind, p model.Partition) []string {
	var words []string
	for _, f := range model.FlagsFor(kind, p) {
		words = append(words, string(f))
	}
	slices.Sort(words)
	return words
}

// Steps are none: only the table changes.
func (o SetFlag) Steps(_, _ model.Disk) []Step { return nil }
