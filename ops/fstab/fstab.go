// Package fstab reads the list of mounts that a system keeps in its /etc/fstab, and finds the partitions that it means.
// The text may be hostile. The package is pure.
package fstab

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"shunt/model"
)

// NamesItself reports whether one of the texts, which are the /etc/fstab in p, says that p is mounted at /. A text that was
// copied from another system names a partition there.
func NamesItself(p model.Partition, fstabs []string) bool {
	return slices.ContainsFunc(fstabs, func(text string) bool {
		return slices.ContainsFunc(parse(text), func(l line) bool { return l.dir == "/" && means(l.source, p) })
	})
}

// line is one line.
type line struct{ source, dir, kind, options string }

// mostLines limits how many lines are read.
const mostLines = 1000

// parse returns the lines that name something to mount.
func parse(text string) (list []line) {
	for l := range strings.Lines(text) {
		fields := append(strings.Fields(l), "", "")
		if len(fields) < 4 || strings.HasPrefix(fields[0], "#") || len(list) == mostLines {
			continue
		}
		list = append(list, line{unescaped(fields[0]), unescaped(fields[1]), fields[2], fields[3]})
	}
	return list
}

// tags are the ways to name a partition in an fstab, by what stands before the value: a tag, or a directory of links.
var tags = []struct {
	tag, dir string
	value    func(model.Partition) string
	folds    bool // letter case does not matter
}{
	{"UUID=", "/dev/disk/by-uuid/", func(p model.Partition) string { return p.FS.UUID }, true},
	{"LABEL=", "/dev/disk/by-label/", func(p model.Partition) string { return p.FS.Label }, false},
	{"PARTUUID=", "/dev/disk/by-partuuid/", func(p model.Partition) string { return p.UUID }, true},
	{"PARTLABEL=", "/dev/disk/by-partlabel/", func(p model.Partition) string { return p.Name }, false},
}

// numbered matches the usual name of a partition's device. A disk may have another name on another machine, but its
// partitions keep their numbers.
var numbered = regexp.MustCompile(`^/dev/(?:(?:[shv]d|xvd)[a-z]+|(?:mmcblk\d+|nvme\d+n\d+|nbd\d+|loop\d+)p)(\d+)$`)

// means reports whether the first field of a line in an fstab means p.
func means(source string, p model.Partition) bool {
	for _, t := range tags {
		text, ok := strings.CutPrefix(source, t.tag)
		if ok {
			text = strings.Trim(text, `"'`)
		} else if text, ok = strings.CutPrefix(source, t.dir); ok {
			text = unlinked(text)
		}
		if ok {
			want := t.value(p)
			return want != "" && (text == want || t.folds && strings.EqualFold(text, want))
		}
	}
	m := numbered.FindStringSubmatch(source)
	return m != nil && m[1] == strconv.Itoa(p.Number)
}

var (
	octal = regexp.MustCompile(`\\[0-7]{3}`)
	hex   = regexp.MustCompile(`\\x[0-9a-fA-F]{2}`)
)

// unescaped replaces the octal escapes of an fstab ("\040" is a blank).
func unescaped(field string) string { return replaced(field, octal, 1, 8) }

// unlinked replaces the escapes in the names of links below /dev/disk ("\x20" is a blank).
func unlinked(name string) string { return replaced(name, hex, 2, 16) }

// replaced replaces each escape by the byte whose number, to a base, follows its first n characters.
func replaced(text string, escape *regexp.Regexp, n, base int) string {
	return escape.ReplaceAllStringFunc(text, func(s string) string {
		b, err := strconv.ParseUint(s[n:], base, 8)
		if err != nil {
			return s
		}
		return string([]byte{byte(b)})
	})
}
