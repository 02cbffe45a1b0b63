package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// Sizes in the moving picture, in its own units, and the least time for which a screen is shown.
const (
	svgCell, svgLine = 8.43, 17
	svgFont          = 14
	svgMargin        = 12
	svgLast          = 3 * time.Second // how long the last screen is shown
	svgLeast         = 90 * time.Millisecond
)

// movingSVG returns the screens as one picture that moves without scripts: they lie side by side, and a style sheet moves
// them through the window. Each different line of text is stored once.
func movingSVG(frames []frame) []byte {
	frames = longEnough(frames)
	if len(frames) == 0 {
		return nil
	}
	d := &svgDrawing{colours: map[color.RGBA]string{}, lines: map[string]int{}}
	columns, rows := frames[0].screen.columns, frames[0].screen.rows
	width, height := float64(columns)*svgCell+2*svgMargin, rows*svgLine+2*svgMargin
	total := frames[len(frames)-1].at + svgLast
	var strip, steps strings.Builder
	for i, f := range frames {
		fmt.Fprintf(&strip, `<g transform="translate(%.1f,%d)">`, float64(i)*width+svgMargin, svgMargin)
		for y, cells := range f.screen.lines {
			if n, ok := d.line(cells); ok {
				fmt.Fprintf(&strip, `<use href="#l%d" y="%d"/>`, n, y*svgLine)
			}
		}
		strip.WriteString("</g>\n")
		fmt.Fprintf(&steps, "%.3f%%{transform:translateX(%.1fpx)}", 100*f.at.Seconds()/total.Seconds(), -float64(i)*width)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.1f %d" width="%.0f" height="%d">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<style>text{font:%dpx 'DejaVu Sans Mono',Menlo,Consolas,monospace}.b{font-weight:bold}%s"+
		"#film{animation:film %.1fs steps(1,end) infinite}@keyframes film{%s}</style>\n", svgFont, d.classes.String(), total.Seconds(), steps.String())
	fmt.Fprintf(&b, "<defs>\n%s</defs>\n", d.defs.String())
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n<g id=\"film\">\n%s</g>\n</svg>\n", hexOf(background), strip.String())
	return b.Bytes()
}

// longEnough leaves out screens that are seen only for a moment.
func longEnough(frames []frame) []frame {
	var out []frame
	for i, f := range frames {
		if i+1 == len(frames) || frames[i+1].at-f.at >= svgLeast {
			out = append(out, f)
		}
	}
	return out
}

// svgDrawing collects the lines and colours of a picture.
type svgDrawing struct {
	defs, classes strings.Builder
	colours       map[color.RGBA]string
	lines         map[string]int // their numbers, by what they look like
}

// line returns the number of a line of cells; ok is false if nothing is on it.
func (d *svgDrawing) line(cells []cell) (n int, ok bool) {
	var b strings.Builder
	x := 0
	for i := 0; i < len(cells); {
		run, text, width := cells[i], "", 0
		for ; i < len(cells) && cells[i].bg == run.bg && cells[i].fg == run.fg && cells[i].bold == run.bold; i++ {
			text, width = text+cells[i].text, width+cells[i].columns
		}
		d.run(&b, run, text, x, width)
		x += width
	}
	look := b.String()
	if look == "" {
		return 0, false
	}
	n, ok = d.lines[look]
	if !ok {
		n = len(d.lines)
		d.lines[look] = n
		fmt.Fprintf(&d.defs, "<g id=\"l%d\">%s</g>\n", n, look)
	}
	return n, true
}

// run adds cells of one look. Viewers differ in what they make of spaces, so each text between wider gaps has its own place.
func (d *svgDrawing) run(b *strings.Builder, c cell, text string, x, width int) {
	if c.bg != background {
		fmt.Fprintf(b, `<rect class="%s" x="%.1f" width="%.1f" height="%d"/>`, d.class(c.bg), float64(x)*svgCell, float64(width)*svgCell, svgLine)
	}
	for text != "" {
		shown := strings.TrimLeft(text, " ")
		x += len(text) - len(shown)
		shown, text, _ = strings.Cut(shown, "  ")
		if shown = strings.TrimRight(shown, " "); shown != "" {
			d.text(b, c, shown, x)
		}
		x += ansi.StringWidth(shown) + 2
	}
}

// text adds a text at a column. textLength keeps it in its cells, whatever font the viewer has.
func (d *svgDrawing) text(b *strings.Builder, c cell, text string, x int) {
	class := d.class(c.fg)
	if c.bold {
		class += " b"
	}
	fmt.Fprintf(b, `<text class="%s" x="%.1f" y="13" textLength="%.1f" lengthAdjust="spacingAndGlyphs">`, class, float64(x)*svgCell,
		float64(ansi.StringWidth(text))*svgCell)
	_ = xml.EscapeText(b, []byte(text)) // a builder takes everything
	b.WriteString("</text>")
}

// class returns the name of a colour in the style sheet.
func (d *svgDrawing) class(c color.RGBA) string {
	name, ok := d.colours[c]
	if !ok {
		name = fmt.Sprintf("c%d", len(d.colours))
		d.colours[c] = name
		fmt.Fprintf(&d.classes, ".%s{fill:%s}", name, hexOf(c))
	}
	return name
}

func hexOf(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
