package tui

import (
	"cmp"
	"strings"

	"shunt/model"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// mostBanner is the largest number of lines of a banner.
const mostBanner = 3

// banner is what a user should know before editing. The zero value is none.
type banner struct {
	text string
	key  string // which key leads on, or ""
	kind bannerKind
}

type bannerKind int

const (
	bannerHint   bannerKind = iota // what to do first
	bannerOdd                      // a partition is not filled
	bannerNote                     // something is odd, and nothing is damaged
	bannerDamage                   // something is damaged, or the disk is read-only
)

// banner returns why the disk is read-only, what is wrong with it, that a partition is not filled, or how to begin on a
// disk that holds nothing, in this order. The information page has the details.
func (d document) banner() banner {
	const details = "(i: details)"
	disk := d.queue.Preview()
	if p, fatal := disk.Fatal(); fatal {
		if p.Plain != "" {
			return banner{"Read-only. " + widget.Clean(p.Plain), details, bannerDamage}
		}
		return banner{"Read-only: " + widget.Clean(p.Text), "", bannerDamage}
	}
	for _, p := range disk.Problems() {
		if p.Severity != model.Warning {
			continue
		}
		kind := bannerDamage
		if p.Sound {
			kind = bannerNote
		}
		return banner{widget.Clean(cmp.Or(p.Plain, p.Text)), details, kind}
	}
	chosen, _ := d.partition()
	if text := model.Unfilled(disk, chosen); text != "" {
		return banner{widget.Clean(text), "(F fills it)", bannerOdd}
	}
	for p := range disk.Each() {
		if text := model.Unfilled(disk, p); text != "" {
			return banner{widget.Clean(text), "", bannerOdd}
		}
	}
	if disk.Table.Kind == model.TableNone && disk.Whole.Word() == model.BlankWord {
		return banner{"Nothing is on this disk yet. Enter makes a partition table.", "", bannerHint}
	}
	return banner{}
}

// bannerLines returns the banner over the whole width. Damage is filled, so that it is not overlooked.
func (m Model) bannerLines(d document) []string {
	b := m.trailing(d).banner()
	if b.text == "" {
		return nil
	}
	looks := [...]styles.Look{bannerHint: m.st.Muted, bannerOdd: m.st.Warn, bannerNote: m.st.Warn, bannerDamage: m.st.Alarm}
	sign := looks[b.kind].Sign()
	lines := widget.WrapSigned(b.text, m.width-2, sign)
	if last := len(lines) - 1; b.key != "" && widget.Width(lines[last]+" "+b.key) <= m.width-2 {
		lines[last] += " " + b.key
	} else if b.key != "" {
		lines = append(lines, strings.Repeat(" ", widget.Width(sign))+b.key)
	}
	if len(lines) > mostBanner {
		rest := lines[mostBanner-1] + " " + lines[mostBanner]
		lines = append(lines[:mostBanner-1], widget.Fit(rest, m.width-2, m.st.More))
	}
	for i, line := range lines {
		lines[i] = looks[b.kind].Render(widget.Fit(" "+line, m.width, m.st.More))
	}
	return lines
}
