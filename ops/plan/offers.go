package plan

import (
	"strconv"
	"strings"
	"unicode"

	"shunt/geometry"
	"shunt/model"
	"shunt/model/safetext"
	"shunt/ops"
)

// An Offer is a word that can come next in a line of a plan.
type Offer struct {
	Word  string
	Means string // what it stands for, "" if the word says it; it can hold text from the disk
	Open  bool   // a value belongs to it: "fs="
}

// Next returns the words that can follow the given ones in a line that is staged on q: verbs, partitions, file systems,
// types, flags and properties. begun is what the next word begins with; after the "=" of a property the values are
// offered. Sizes, positions, names and paths are not offered. It stages nothing, and finds no moves for "room".
func Next(q ops.Queue, words []string, begun string) []Offer {
	offer := &offering{begun: begun}
	l := &line{q: q, align: geometry.AlignMiB, seen: map[string]bool{}, offer: offer}
	if len(words) == 0 {
		for _, v := range verbs {
			l.canFollow(v.word)
		}
		return offer.list
	}
	if key, _, ok := strings.Cut(begun, "="); ok {
		offer.property = key + "="
		words = append(words[:len(words):len(words)], offer.property)
	}
	if v, ok := verbOf(word{text: words[0]}); ok {
		for _, text := range words[1:] {
			l.words = append(l.words, word{text: text})
		}
		v.read(l)
	}
	return offer.list
}

// offering collects what can come next.
type offering struct {
	begun    string // the beginning of all offers
	property string // the property whose value is asked for, with its "="; "" if a word is
	list     []Offer
}

// add adds an offer if it begins with what is there already.
func (o *offering) add(w, means string) {
	if w = o.property + w; strings.HasPrefix(w, o.begun) {
		o.list = append(o.list, Offer{Word: w, Means: means, Open: strings.HasSuffix(w, "=")})
	}
}

// ends reports whether all words are read without an error, and somebody asks what can follow them.
func (l *line) ends() bool { return l.offer != nil && l.err == nil && len(l.words) == 0 }

// canFollow notes words that can come at the end of the line, if the line is read up to there without an error.
func (l *line) canFollow(words ...string) {
	if !l.ends() || l.offer.property != "" {
		return
	}
	for _, w := range words {
		l.offer.add(w, "")
	}
}

// canComplete notes the values of a property that has none yet.
func (l *line) canComplete(w word, values ...string) {
	if !l.ends() || l.offer.property == "" || w.text != "" {
		return
	}
	for _, v := range values {
		l.offer.add(v, "")
	}
}

// partitionsFollow notes the numbers of the partitions, with what they hold.
func (l *line) partitionsFollow() {
	if !l.ends() || l.offer.property != "" {
		return
	}
	d := l.disk()
	for _, p := range d.Partitions() {
		l.offer.add(strconv.Itoa(p.Number), Described(d, p))
	}
}

// Described says in a few words what a partition is: "ext4 483 MiB docs". The label is as it is on the disk.
func Described(d model.Disk, p model.Partition) string {
	kind := p.FS.Word()
	if p.Role == model.Extended {
		kind = p.Role.String()
	}
	return strings.TrimSpace(strings.Join([]string{kind, geometry.FormatBytes(d.SectorSize.Bytes(p.Span.Len())), p.FS.Label}, " "))
}

// Line writes words as a line of a plan, with quotes around those that need them.
func Line(words []string) string {
	line := make([]string, len(words))
	for i, w := range words {
		if line[i] = w; w == "" || strings.HasPrefix(w, "#") || strings.ContainsFunc(w, quotes) {
			line[i] = safetext.Quoted(w)
		}
	}
	return strings.Join(line, " ")
}

// quotes reports whether a word with this character needs quotes.
func quotes(r rune) bool {
	return r == '"' || unicode.IsSpace(r) || !unicode.IsPrint(r) || r == unicode.ReplacementChar
}
