package ops

import (
	"fmt"
	"slices"
	"strings"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
)

// Consequences describes effects of the queue that the single operations do not mention, one sentence each and the
// gravest first: contents that are lost, boot loaders that may have to be reinstalled, numbers that change.
func (q Queue) Consequences() []string {
	if q.alone() {
		if op, ok := q.ops[q.Len()-1].(interface{ consequences() []string }); ok {
			return op.consequences()
		}
		return nil
	}
	var moved, renamed, asleep, recovery []string
	after := q.Preview()
	for was := range q.initial.Each() {
		p, ok := after.Partition(was.ID)
		if ok && p.Span.Start != was.Span.Start && p.Role != model.Extended && !q.loaderTold(was) {
			moved = append(moved, p.Ref())
		}
		if ok && p.Span.Start != was.Span.Start && model.IsRecovery(p.Type) && p.FS.Kind == model.NTFS {
			recovery = append(recovery, p.Ref())
		}
		if ok && untouchable(p.FS) != "" && q.Len() > 0 {
			asleep = append(asleep, p.Ref())
		}
		if ok && p.Number != was.Number {
			renamed = append(renamed, was.Ref()+" becomes "+p.Ref())
		}
	}
	var out []string
	for _, c := range []struct {
		list        []string
		before, end string
	}{
		{q.lost(), "Deletes everything in ", ". Have a backup if you need it."},
		{q.shortened(), "Ends before its file system does: ", ". It cannot be used until it has its room back, and what is made in that room destroys it."},
		{q.cutBlindly(), "Cuts off the end of ", unknownEnd},
		{q.wiped(), "Wipes ", ": what is there is gone for good. No undo brings it back, and once it has begun it can only be finished."},
		{q.wipedBelow(), "What is wiped can still be read from ", ": those have to go too."},
		{
			asleep, "A hibernated system sleeps in ", ". When it wakes up, it uses its files as they were before: do not edit " +
				"partitions that belong to it.",
		},
		{moved, "Moves ", ": a boot loader that finds it by position must be reinstalled."},
		{recovery, "Moves the recovery system of Windows in ", ": if Windows does not find it there, `reagentc /enable` in Windows mends that."},
		{
			q.larger(model.LUKS), "Enlarges ", ", but not the encrypted file system inside: once it is open, `cryptsetup resize` with " +
				"its name and then the file system's own program (`resize2fs`, `lvextend -r`) let it use the room.",
		},
		{
			q.larger(model.LVM2), "Gives the volume group in ", " free space, which no volume uses yet: `lvextend -r -l +100%FREE` with a volume makes that one " +
				"and its file system larger.",
		},
		{q.mirrored(), "Makes a hybrid MBR: the first sector lists ", " a second time. Windows and other systems that do not know GPT there see " +
			"these partitions alone, and a program that changes one list and not the other makes the two contradict each other. " +
			"Use it only for a system that needs it."},
		{renamed, "Changes partition numbers: ", ". " + usesNumbers(q.initial.Table.Kind)},
	} {
		if len(c.list) > 0 {
			out = append(out, c.before+strings.Join(c.list, ", ")+c.end)
		}
	}
	return out
}

// unknownEnd says what it means to cut contents off that nothing is known of.
const unknownEnd = ". Shunt does not know what lies there, nor whether it is needed: it is no longer in the partition, and what is made " +
	"in that room destroys it."

// mirrored returns the partitions that are listed in the first sector too, if the queue changes which.
func (q Queue) mirrored() (refs []string) {
	after := q.Preview()
	changed := false
	for _, id := range HybridOf(after).Parts() {
		p, _ := after.Partition(id)
		was, _ := q.initial.Partition(id)
		changed = changed || p.Mirror != was.Mirror
		refs = append(refs, p.Ref())
	}
	if !changed {
		return nil
	}
	return refs
}

// usesNumbers says what else has to change with the numbers of partitions.
func usesNumbers(kind model.TableKind) string {
	if kind == model.TableMBR {
		return "Change them wherever they are used, for example in /etc/fstab and in boot loaders. On an MBR, PARTUUIDs change with them."
	}
	return "Change them wherever they are used, for example in /etc/fstab and in boot loaders."
}

// shortened returns the partitions that become shorter than their file systems, and by how much: "p1 (ext4, by 200 MiB)".
func (q Queue) shortened() (refs []string) {
	after := q.Preview()
	for p, over := range after.Cut() {
		was, ok := q.initial.Partition(p.ID)
		if !ok || q.initial.Overhang(was).Len() < over.Len() {
			refs = append(refs, fmt.Sprintf("%s (%s, by %s)", p.Ref(), p.FS.Kind, amount(after.SectorSize.Bytes(over.Len()))))
		}
	}
	return refs
}

// cutBlindly returns the partitions that become shorter though nothing says how far their contents reach, and by how much.
func (q Queue) cutBlindly() (refs []string) {
	after := q.Preview()
	for was := range q.initial.Each() {
		p, ok := after.Partition(was.ID)
		measured := p.FS.Known() && p.FS.Size > 0 || p.FS.Kind.MadeAnew() || p.FS.Word() == model.BlankWord
		if by := was.Span.Len() - p.Span.Len(); ok && by > 0 && !measured && p.Role != model.Extended && p.FS == was.FS {
			refs = append(refs, fmt.Sprintf("%s (%s, by %s)", p.Ref(), p.FS.Described(), amount(after.SectorSize.Bytes(by))))
		}
	}
	return refs
}

// larger returns the partitions with this kind of content that get larger and keep it.
func (q Queue) larger(kind model.FSKind) (refs []string) {
	after := q.Preview()
	for was := range q.initial.Each() {
		if p, ok := after.Partition(was.ID); ok && was.FS.Kind == kind && p.FS.UUID == was.FS.UUID && p.FS.Kind == kind && p.Span.Len() > was.Span.Len() {
			refs = append(refs, p.Ref())
		}
	}
	return refs
}

// lost returns the partitions whose contents are deleted, formatted or overwritten, in the form `p6 (exfat "D")`.
func (q Queue) lost() []string {
	var out []string
	replaced := map[model.PartID]bool{}
	for _, op := range q.ops {
		if overwrites(op) {
			replaced[op.Part()] = true
		}
	}
	after := q.Preview()
	var back []geometry.Span
	for i, op := range q.ops {
		back = append(back, adopted(q.Before(i), op)...)
	}
	for _, was := range q.initial.Partitions() {
		_, stays := after.Partition(was.ID)
		if !stays && slices.ContainsFunc(after.Partitions(), func(p model.Partition) bool {
			return slices.Contains(back, p.Span) && p.Span.Start == was.Span.Start && p.Span.Encloses(was.Span) && !replaced[p.ID]
		}) {
			continue // it comes back with what it holds
		}
		if was.Role == model.Extended || was.FS.Word() == model.BlankWord || stays && !replaced[was.ID] {
			continue
		}
		word := was.FS.Described()
		if was.FS.Kind.Frozen() {
			word = "a hibernated system"
		}
		if was.FS.Label != "" {
			word += " " + safetext.Quoted(safetext.Printable(was.FS.Label))
		}
		out = append(out, fmt.Sprintf("%s (%s)", was.Ref(), word))
	}
	if whole := q.initial.Whole; whole.Word() != model.BlankWord && after.Whole.Word() == model.BlankWord && (whole.Known() || !q.rescues()) {
		out = append(out, Covering(whole))
	}
	return out
}

// rescues reports whether the queue puts back lost partitions.
func (q Queue) rescues() bool {
	return slices.ContainsFunc(q.ops, func(op Operation) bool { _, ok := op.(PutBack); return ok })
}
