package main

import (
	"image"
	"image/color"
	"image/draw"
)

// quadrants lists, for each character from U+2596 to U+259F, which quarters of the cell are filled.
const (
	upperLeft = 1 << iota
	upperRight
	lowerLeft
	lowerRight
)

var quadrants = [10]int{
	lowerLeft,
	lowerRight,
	upperLeft,
	upperLeft | lowerLeft | lowerRight,
	upperLeft | lowerRight,
	upperLeft | upperRight | lowerLeft,
	upperLeft | upperRight | lowerRight,
	upperRight,
	upperRight | lowerLeft,
	upperRight | lowerLeft | lowerRight,
}

// drawBlock draws a character from U+2580 to U+259F into its cell. Shades are even mixtures of the two colours. Patterns
// of dots would show the borders of the cells.
func drawBlock(dst draw.Image, at image.Rectangle, r rune, fg, bg color.RGBA) {
	fill := func(x0, y0, x1, y1 int, c color.RGBA) {
		// The numbers are eighths of the cell.
		part := image.Rect(
			at.Min.X+at.Dx()*x0/8, at.Min.Y+at.Dy()*y0/8, at.Min.X+at.Dx()*x1/8, at.Min.Y+at.Dy()*y1/8,
		)
		draw.Draw(dst, part, image.NewUniform(c), image.Point{}, draw.Src)
	}
	switch {
	case r == '▀':
		fill(0, 0, 8, 4, fg)
	case r >= '▁' && r <= '█':
		fill(0, 8-int(r-'▀'), 8, 8, fg)
	case r >= '▉' && r <= '▏':
		fill(0, 0, 8-int(r-'█'), 8, fg)
	case r == '▐':
		fill(4, 0, 8, 8, fg)
	case r >= '░' && r <= '▓':
		fill(0, 0, 8, 8, mix(bg, fg, float64(r-'▐')/4))
	case r == '▔':
		fill(0, 0, 8, 1, fg)
	case r == '▕':
		fill(7, 0, 8, 8, fg)
	default:
		for i := range 4 {
			if x, y := i%2*4, i/2*4; quadrants[r-'▖']&(1<<i) != 0 {
				fill(x, y, x+4, y+4, fg)
			}
		}
	}
}
