package table

import (
	"bytes"
	"fmt"
	"slices"

	"shunt/geometry"
	"shunt/model"
)

// maxEBRs is the largest number of boot records in a chain. util-linux also stops there and drops the rest.
const maxEBRs = 60

// ebr is one boot record of a chain.
type ebr struct {
	at     geometry.Sector
	sector []byte
	slots  []mbrEntry
	data   int // slot of the logical partition, or -1
	next   int // slot of the link, or -1
}

const chainDamaged = "The list of logical partitions is damaged. Those that could still be read are shown."

// readChain follows the chain of the extended partition ext. It accepts partition and link in any slot, empty boot
// records, links back towards the start, and a missing 55 AA if the slots look valid. It reports a fatal problem if a
// rewritten chain would lose partitions, and still returns the boot records that it has read.
func readChain(src source, ext geometry.Span, problems *report) ([]ebr, error) {
	const advice = "save the logical partitions' data first; `testdisk` can rebuild a chain"
	var chain []ebr
	seen := map[geometry.Sector]bool{}
	at := ext.Start
	for {
		switch {
		case !ext.Contains(at) || at >= src.sectors:
			problems.fatal(advice, "chain of logical partitions: a link leads to sector %s, outside the extended partition at %s",
				at, ext.Inclusive())
			problems.plainly(chainDamaged)
			return chain, nil
		case seen[at]:
			problems.fatal(advice, "chain of logical partitions: it runs in a circle at sector %s", at)
			problems.plainly(chainDamaged)
			return chain, nil
		case len(chain) == maxEBRs:
			problems.sound(model.Fatal, "delete logical partitions with the tool that made them",
				"chain of logical partitions: truncated after %d boot records, there are more", maxEBRs)
			problems.plainly("There are more than %d logical partitions, and shunt does not edit so many.", maxEBRs)
			return chain, nil
		}
		seen[at] = true
		sector, err := src.sector(at)
		if err != nil {
			return chain, err
		}
		e := ebr{at: at, sector: sector, slots: slots(sector), data: -1, next: -1}
		if !hasSignature(sector) {
			if len(bytes.Trim(sector[mbrEntries:mbrSize], "\x00")) != 0 && !e.plausible(ext) {
				problems.fatal(advice, "boot record at sector %s: it does not end in 55 AA and holds no partition", at)
				problems.plainly(chainDamaged)
				return chain, nil
			}
			problems.warn("the next change of the chain writes it", "boot record at sector %s: it does not end in 55 AA", at)
			problems.plainly("The list of logical partitions is damaged in one place, but can be read. Their next change repairs it.")
		}
		e.assign(ext, problems)
		chain = append(chain, e)
		if e.next < 0 {
			return chain, nil
		}
		at = e.slots[e.next].span(ext.Start).Start
	}
}

// assign finds the partition and the link among the four slots. The first two slots have priority. Slots 2 and 3 have no
// use and often hold garbage, so they count only if they could be a partition.
func (e *ebr) assign(ext geometry.Span, problems *report) {
	for i, entry := range e.slots {
		switch fits := ext.Encloses(entry.span(e.at)) && entry.start > 0; {
		case !entry.used():
		case entry.extended() && e.next < 0:
			e.next = i
		case !entry.extended() && e.data < 0 && (i < 2 || fits):
			e.data = i
		case !entry.extended() && fits:
			problems.fatal(fmt.Sprintf("see with `sfdisk --dump {target}` whether slot %d holds anything you need", i+1),
				"boot record at sector %s: slot %d holds a second partition", e.at, i+1)
			problems.plainly(chainDamaged)
		default:
			problems.warn("it is left as it is",
				"boot record at sector %s: slot %d holds what is neither partition nor link", e.at, i+1)
			problems.plainly("The list of logical partitions has an entry that makes no sense; it is left as it is.")
		}
	}
}

// plausible reports whether the slots of a sector without 55 AA could be those of a boot record.
func (e *ebr) plausible(ext geometry.Span) bool {
	for _, entry := range e.slots {
		base := e.at
		if entry.extended() {
			base = ext.Start
		}
		if entry.used() && !ext.Encloses(entry.span(base)) {
			return false
		}
	}
	return goodStatus(e.sector) && slices.ContainsFunc(e.slots, mbrEntry.used)
}

// logicalPartitions returns the partitions of a chain with the numbers that all systems use. The first partition's boot
// record is always the start of the extended partition, even if that holds an empty record: every chain begins there, and
// the next change of the chain moves the partition's entry there.
func logicalPartitions(chain []ebr, ext geometry.Span, signature string) []model.Partition {
	var list []model.Partition
	for _, e := range chain {
		if e.data < 0 {
			continue
		}
		entry, number := e.slots[e.data], model.FirstLogical+len(list)
		p := model.Partition{
			Number: number, Role: model.Logical, Span: entry.span(e.at), Type: entry.partType(), UUID: mbrUUID(signature, number),
			Active: entry.active, EBR: e.at,
		}
		if len(list) == 0 {
			p.EBR = ext.Start
		}
		list = append(list, p)
	}
	return list
}

func mbrUUID(signature string, number int) string { return fmt.Sprintf("%s-%02x", signature, number) }
