package dump

import (
	"fmt"
	"strconv"
	"strings"
)

// The attributes of a GPT entry that have a name in a dump, from bit 0 on, and the first bit of those with a number.
var attributeNames = [...]string{"RequiredPartition", "NoBlockIOProtocol", "LegacyBIOSBootable"}

const (
	firstNumbered = 48 // bits from here on belong to the type of the partition
	numberedWord  = "GUID:"
)

// Expressible are the attribute bits that a dump can hold. The others are reserved.
const Expressible uint64 = 1<<len(attributeNames) - 1 | 0xFFFF<<firstNumbered

// attributesText writes attributes: "RequiredPartition GUID:48,63".
func attributesText(bits uint64) string {
	var words, numbers []string
	for i, name := range attributeNames {
		if bits&(1<<i) != 0 {
			words = append(words, name)
		}
	}
	for i := firstNumbered; i < 64; i++ {
		if bits&(1<<i) != 0 {
			numbers = append(numbers, strconv.Itoa(i))
		}
	}
	if len(numbers) > 0 {
		words = append(words, numberedWord+strings.Join(numbers, ","))
	}
	return strings.Join(words, " ")
}

// parseAttributes parses attributes as attributesText and sfdisk write them: names and numbers of bits, with blanks and
// commas between them.
func parseAttributes(text string) (bits uint64, err error) {
	isBetween := func(r rune) bool { return r == ' ' || r == ',' || r == '\t' }
	for _, word := range strings.FieldsFunc(text, isBetween) {
		bit, known := 0, false
		for i, name := range attributeNames {
			if strings.EqualFold(word, name) {
				bit, known = i, true
			}
		}
		if !known {
			digits := strings.TrimPrefix(word, numberedWord)
			if digits == "" {
				continue // the numbers follow
			}
			if bit, err = strconv.Atoi(digits); err != nil || bit < 0 || bit > 63 || Expressible&(1<<bit) == 0 {
				return 0, fmt.Errorf("%q is not an attribute: use %s, or GUID: with bits from %d to 63", word,
					strings.Join(attributeNames[:], ", "), firstNumbered)
			}
		}
		bits |= 1 << bit
	}
	return bits, nil
}
