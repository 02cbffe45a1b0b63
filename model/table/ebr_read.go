package table

import (
	"bytes"
	"fmt"

	"shunt/geometry"
	"shunt/model"
)

// maxEBRs is how long a chain may be. It is where util-linux stops, too, and then drops the rest.
const maxEBRs = 60

// ebr is one boot record of a chain.
type ebr struct {
	at     geometry.Sector
	sector []byte
	data   int // slot of the logical partition, -1 if it has none
	next   int // slot of the link, -1 if it has none
}

// logical is where the EBR's partition lies.
func (e ebr) logical() geometry.Span { return parseMBREntry(slotOf(e.sector, e.data)).span(e.at) }

// readChain follows the chain of the extended partition ext. Readers differ in what they forgive; this one
// takes data and link in any slot, empty EBRs, links that lead back towards the start, and a missing 55 AA
// where the slots make sense. What would make a rewritten chain lose partitions is a fatal problem, and the
// EBRs read until then are still returned.
func readChain(src source, ext geometry.Span, problems *report) ([]ebr, error) {
	const advice = "save the logical partitions' data first; `testdisk` can rebuild a chain"
	var chain []ebr
	seen := map[geometry.Sector]bool{}
	at := ext.Start
	for {
		switch {
		case !ext.Contains(at) || at >= src.sectors:
			problems.add(model.Fatal, advice, "chain of logical partitions: a link leads to sector %d, outside the extended partition at %s", at, ext.Inclusive())
			return chain, nil
		case seen[at]:
			problems.add(model.Fatal, advice, "chain of logical partitions: it runs in a circle at sector %d", at)
			return chain, nil
		case len(chain) == maxEBRs:
			problems.add(model.Fatal, "delete logical partitions with the tool that made them",
				"chain of logical partitions: truncated after %d boot records, there are more", maxEBRs)
			return chain, nil
		}
		seen[at] = true
		sector, err := src.sector(at)
		if err != nil {
			return chain, err
		}
		if !hasSignature(sector) {
			if len(bytes.Trim(sector[mbrEntries:mbrSize], "\x00")) != 0 && !plausibleEBR(sector, at, ext) {
				problems.add(model.Fatal, advice, "boot record at sector %d: it does not end in 55 AA and holds no partition", at)
				return chain, nil
			}
			problems.add(model.Warning, "the next change of the chain writes it", "boot record at sector %d: it does not end in 55 AA", at)
		}
		e := parseEBR(at, sector, ext, problems)
		chain = append(chain, e)
		if e.next < 0 {
			return chain, nil
		}
		at = parseMBREntry(slotOf(sector, e.next)).span(ext.Start).Start
	}
}

// parseEBR finds the partition and the link among the four slots. Slots 2 and 3 are for nothing and often
// hold garbage, so the first two come first, and what follows counts only if it could be a partition.
func parseEBR(at geometry.Sector, sector []byte, ext geometry.Span, problems *report) ebr {
	e := ebr{at: at, sector: sector, data: -1, next: -1}
	for i := range mbrSlots {
		entry := parseMBREntry(slotOf(sector, i))
		switch fits := ext.Encloses(entry.span(at)) && entry.start > 0; {
		case entry.count == 0:
		case entry.extended() && e.next < 0:
			e.next = i
		case !entry.extended() && e.data < 0 && (i < 2 || fits):
			e.data = i
		case !entry.extended() && fits:
			problems.add(model.Fatal, fmt.Sprintf("see with `sfdisk --dump {target}` whether slot %d holds anything you need", i+1),
				"boot record at sector %d: slot %d holds a second partition", at, i+1)
		default:
			problems.add(model.Warning, "it is left as it is", "boot record at sector %d: slot %d holds what is neither partition nor link", at, i+1)
		}
	}
	return e
}

// plausibleEBR reports whether the slots of a sector without a signature can be those of an EBR.
func plausibleEBR(sector []byte, at geometry.Sector, ext geometry.Span) bool {
	used := 0
	for i := range mbrSlots {
		raw := slotOf(sector, i)
		entry := parseMBREntry(raw)
		base := at
		if entry.extended() {
			base = ext.Start
		}
		switch {
		case raw[0] != 0x00 && raw[0] != 0x80:
			return false
		case entry.count == 0:
		case !ext.Encloses(entry.span(base)):
			return false
		default:
			used++
		}
	}
	return used > 0
}

// logicalPartitions lists the partitions of a chain with the numbers they have on every system. The boot
// record of the first one is given as the start of the extended partition even where an empty EBR comes
// first: that is where a chain begins, and where the next change of the chain puts it.
func logicalPartitions(chain []ebr, ext geometry.Span, signature string, problems *report) []model.Partition {
	var list []model.Partition
	for _, e := range chain {
		if e.data < 0 {
			continue
		}
		entry := parseMBREntry(slotOf(e.sector, e.data))
		number := model.FirstLogical + len(list)
		p := model.Partition{
			Number: number,
			Role:   model.Logical,
			Span:   e.logical(),
			Type:   entry.partType(),
			UUID:   mbrUUID(signature, number),
			Active: entry.active,
			EBR:    e.at,
		}
		if len(list) == 0 {
			p.EBR = ext.Start
		}
		if entry.start == 0 || !ext.Encloses(p.Span) {
			problems.add(model.Fatal, "repair the chain with `sfdisk` or `testdisk`",
				"%s at sectors %s does not lie behind its boot record inside the extended partition at %s", p.Ref(), p.Span.Inclusive(), ext.Inclusive())
		}
		list = append(list, p)
	}
	for _, p := range list {
		for _, q := range list {
			if q.Span.Contains(p.EBR) {
				problems.add(model.Fatal, "repair the chain with `sfdisk` or `testdisk`",
					"the boot record of %s at sector %d lies inside %s", p.Ref(), p.EBR, q.Ref())
			}
		}
	}
	return list
}

func mbrUUID(signature string, number int) string { return fmt.Sprintf("%s-%02x", signature, number) }
