package main

import (
	"image/color"

	"github.com/charmbracelet/x/ansi"
)

// The colours of the terminal in the pictures.
var (
	foreground = rgb(0xD8DEE9)
	background = rgb(0x14171F)
	titleBar   = rgb(0x232834)
	titleText  = rgb(0x9AA4B8)
	border     = rgb(0x3A4152)
)

// basic holds the sixteen colours that programs name by number.
var basic = [16]color.RGBA{
	rgb(0x2A303C), rgb(0xE06C75), rgb(0x98C379), rgb(0xE5C07B), rgb(0x61AFEF), rgb(0xC678DD), rgb(0x56B6C2), rgb(0xC8CED9),
	rgb(0x5C6370), rgb(0xFF7B86), rgb(0xB5E890), rgb(0xFFD68A), rgb(0x82C6FF), rgb(0xE39BF7), rgb(0x7FD5E0), rgb(0xFFFFFF),
}

// paint returns the colour c, or otherwise if the program left the colour to the terminal.
func paint(c color.Color, otherwise color.RGBA) color.RGBA {
	switch c := c.(type) {
	case nil:
		return otherwise
	case ansi.BasicColor:
		return basic[c%16]
	case ansi.IndexedColor:
		if c < 16 {
			return basic[c]
		}
	}
	return opaque(c)
}

func opaque(c color.Color) color.RGBA {
	r, g, b, _ := c.RGBA()
	return color.RGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8), A: 0xFF}
}

func rgb(v uint32) color.RGBA {
	return color.RGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 0xFF}
}

// mix returns the colour at a share of the way from a to b.
func mix(a, b color.RGBA, share float64) color.RGBA {
	part := func(a, b uint8) uint8 { return uint8(float64(a)*(1-share) + float64(b)*share + 0.5) }
	return color.RGBA{R: part(a.R, b.R), G: part(a.G, b.G), B: part(a.B, b.B), A: 0xFF}
}
