package main

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"slices"

	"golang.org/x/image/vector"
)

// weight is the style of a line of a box drawing character.
type weight uint8

const (
	none weight = iota
	light
	heavy
	double
)

// arms holds the weights of the lines from the middle of a cell to its edges.
type arms struct{ left, up, right, down weight }

// boxArms has four digits for each character from U+2500 to U+257F: the weights of the left, upper, right and lower arm.
// Dashed lines and arcs have the arms of whole lines; diagonals are 0000.
const boxArms = "" +
	"1010 2020 0101 0202 1010 2020 0101 0202 1010 2020 0101 0202 0011 0021 0012 0022 " + // ─━│┃┄┅┆┇┈┉┊┋┌┍┎┏
	"1001 2001 1002 2002 0110 0120 0210 0220 1100 2100 1200 2200 0111 0121 0211 0112 " + // ┐┑┒┓└┕┖┗┘┙┚┛├┝┞┟
	"0212 0221 0122 0222 1101 2101 1201 1102 1202 2201 2102 2202 1011 2011 1021 2021 " + // ┠┡┢┣┤┥┦┧┨┩┪┫┬┭┮┯
	"1012 2012 1022 2022 1110 2110 1120 2120 1210 2210 1220 2220 1111 2111 1121 2121 " + // ┰┱┲┳┴┵┶┷┸┹┺┻┼┽┾┿
	"1211 1112 1212 2211 1221 2112 1122 2221 2122 2212 1222 2222 1010 2020 0101 0202 " + // ╀╁╂╃╄╅╆╇╈╉╊╋╌╍╎╏
	"3030 0303 0031 0013 0033 3001 1003 3003 0130 0310 0330 3100 1300 3300 0131 0313 " + // ═║╒╓╔╕╖╗╘╙╚╛╜╝╞╟
	"0333 3101 1303 3303 3031 1013 3033 3130 1310 3330 3131 1313 3333 0011 1001 1100 " + // ╠╡╢╣╤╥╦╧╨╩╪╫╬╭╮╯
	"0110 0000 0000 0000 1000 0100 0010 0001 2000 0200 0020 0002 1020 0102 2010 0201 " //   ╰╱╲╳╴╵╶╷╸╹╺╻╼╽╾╿

func boxArmsOf(r rune) arms {
	at := int(r-0x2500) * 5
	digit := func(i int) weight { return weight(boxArms[at+i] - '0') }
	return arms{left: digit(0), up: digit(1), right: digit(2), down: digit(3)}
}

// dashes returns the number of pieces in the line of a box drawing character, 1 for a whole line.
func dashes(r rune) int {
	switch {
	case r >= 0x2504 && r <= 0x2507:
		return 3
	case r >= 0x2508 && r <= 0x250B:
		return 4
	case r >= 0x254C && r <= 0x254F:
		return 2
	}
	return 1
}

// drawn reports whether a character is drawn by this program and not taken from a font. Fonts leave seams between such
// characters, because their glyphs do not fill a cell whose size was rounded to pixels.
func drawn(r rune) bool { return r >= 0x2500 && r <= 0x259F }

// drawBox draws a box drawing or block character into its cell.
func drawBox(dst draw.Image, at image.Rectangle, r rune, fg, bg color.RGBA) {
	switch {
	case r >= 0x2580:
		drawBlock(dst, at, r, fg, bg)
	case r >= 0x256D && r <= 0x2570:
		drawArc(dst, at, boxArmsOf(r), fg)
	case r >= 0x2571 && r <= 0x2573:
		drawDiagonals(dst, at, r, fg)
	default:
		drawArms(dst, at, boxArmsOf(r), dashes(r), fg)
	}
}

// stroke returns the thickness of a light line in a cell. A heavy line is twice as thick. A double line is two light
// lines with the thickness of one between them.
func stroke(at image.Rectangle) int { return max(1, (at.Dx()+4)/8) }

// middle returns the start of a line of thickness t that is centred in [lo, hi).
func middle(lo, hi, t int) int { return lo + (hi-lo-t)/2 }

// axis describes one direction of a cell, so that the same code draws horizontal and vertical arms.
type axis struct {
	along, across [2]int // from, to
	vertical      bool
}

func (a axis) fill(dst draw.Image, alongFrom, alongTo, acrossFrom, acrossTo int, c color.RGBA) {
	r := image.Rect(alongFrom, acrossFrom, alongTo, acrossTo)
	if a.vertical {
		r = image.Rect(acrossFrom, alongFrom, acrossTo, alongTo)
	}
	draw.Draw(dst, r, image.NewUniform(c), image.Point{}, draw.Src)
}

func drawArms(dst draw.Image, at image.Rectangle, a arms, pieces int, c color.RGBA) {
	x, y := [2]int{at.Min.X, at.Max.X}, [2]int{at.Min.Y, at.Max.Y}
	horizontal := axis{along: x, across: y}
	vertical := axis{along: y, across: x, vertical: true}
	t := stroke(at)
	if pieces > 1 {
		if a.left != none {
			horizontal.dashed(dst, t, a.left, pieces, c)
		} else {
			vertical.dashed(dst, t, a.up, pieces, c)
		}
		return
	}
	horizontal.arm(dst, t, backward, a.left, a.right, a.up, a.down, c)
	horizontal.arm(dst, t, forward, a.right, a.left, a.up, a.down, c)
	vertical.arm(dst, t, backward, a.up, a.down, a.left, a.right, c)
	vertical.arm(dst, t, forward, a.down, a.up, a.left, a.right, c)
}

// direction says to which end of its axis an arm points.
type direction int

const (
	backward direction = -1 // left or up
	forward  direction = 1  // right or down
)

// arm draws one arm of weight w. opposite is the weight of the arm that continues it. before and behind are the weights
// of the crossing arms, towards the lower and the higher coordinates.
func (a axis) arm(dst draw.Image, t int, d direction, w, opposite, before, behind weight, c color.RGBA) {
	// line draws one line of the arm from the edge to inner pixels past the middle, negative for short of it.
	line := func(across, thickness, inner int) {
		m := middle(a.along[0], a.along[1], t)
		if d == forward {
			a.fill(dst, m-inner, a.along[1], across, across+thickness, c)
		} else {
			a.fill(dst, a.along[0], m+t+inner, across, across+thickness, c)
		}
	}
	switch w {
	case none:
	case light, heavy:
		thickness := t * int(w)
		line(middle(a.across[0], a.across[1], thickness), thickness, innerSingle(t, opposite, before, behind))
	case double:
		m := middle(a.across[0], a.across[1], t)
		line(m-t, t, innerDouble(t, before, behind))
		line(m+t, t, innerDouble(t, behind, before))
	}
}

// innerSingle returns how far a single line extends past the middle of its cell.
func innerSingle(t int, opposite, before, behind weight) int {
	switch {
	case opposite != none:
		return 0
	case before == double && behind == double:
		return -t
	case before == double || behind == double:
		return t
	case before == heavy || behind == heavy:
		return t / 2
	}
	return 0
}

// innerDouble returns how far a line of a double arm extends past the middle. near is the weight of the crossing arm on
// the side of this line, far of the one on the other side.
func innerDouble(t int, near, far weight) int {
	switch {
	case near == double:
		return -t
	case near == none && far == double:
		return t
	}
	return 0
}

func (a axis) dashed(dst draw.Image, t int, w weight, pieces int, c color.RGBA) {
	thickness := t * int(w)
	across := middle(a.across[0], a.across[1], thickness)
	length := a.along[1] - a.along[0]
	for i := range pieces {
		from, to := a.along[0]+i*length/pieces, a.along[0]+(i+1)*length/pieces
		gap := max(1, (to-from)/3)
		a.fill(dst, from+gap/2, to-(gap-gap/2), across, across+thickness, c)
	}
}

// drawArc draws a rounded corner: a quarter of a ring and the straight rest of the two arms.
func drawArc(dst draw.Image, at image.Rectangle, a arms, c color.RGBA) {
	t := stroke(at)
	x, y := middle(at.Min.X, at.Max.X, t), middle(at.Min.Y, at.Max.Y, t)
	half := float64(t) / 2
	// The last pixel before the edge is straight, so that it joins the line of the next cell without a blurred pixel.
	radius := max(1, middle(0, min(at.Dx(), at.Dy()), t)+t/2-1)
	// The centre of the ring lies between the two arms; the drawn quarter faces away from it.
	centreX, centreY, endX, endY := x+radius, y+radius, at.Max.X, at.Max.Y
	if a.left != none {
		centreX, endX = x-radius, at.Min.X
	}
	if a.up != none {
		centreY, endY = y-radius, at.Min.Y
	}
	turn := map[arms]float64{
		{left: light, up: light}:    0,
		{up: light, right: light}:   1,
		{right: light, down: light}: 2,
		{left: light, down: light}:  3,
	}[a]
	cx, cy := float64(centreX)+half, float64(centreY)+half
	outline := arcPoints(cx, cy, float64(radius)+half, turn)
	inside := arcPoints(cx, cy, float64(radius)-half, turn)
	slices.Reverse(inside)
	fillShape(dst, at, append(outline, inside...), c)
	uniform := image.NewUniform(c)
	draw.Draw(dst, image.Rect(int(math.Round(cx)), y, endX, y+t), uniform, image.Point{}, draw.Src)
	draw.Draw(dst, image.Rect(x, int(math.Round(cy)), x+t, endY), uniform, image.Point{}, draw.Src)
}

func drawDiagonals(dst draw.Image, at image.Rectangle, r rune, c color.RGBA) {
	h := float64(stroke(at)) / 2
	x0, y0, x1, y1 := float64(at.Min.X), float64(at.Min.Y), float64(at.Max.X), float64(at.Max.Y)
	if r != '╲' {
		fillShape(dst, at, [][2]float64{{x0 - h, y1}, {x0 + h, y1}, {x1 + h, y0}, {x1 - h, y0}}, c)
	}
	if r != '╱' {
		fillShape(dst, at, [][2]float64{{x0 - h, y0}, {x0 + h, y0}, {x1 + h, y1}, {x1 - h, y1}}, c)
	}
}

// fillShape fills a polygon, given in pixels of dst, with smooth edges. The part outside of the clip is left out.
func fillShape(dst draw.Image, clip image.Rectangle, outline [][2]float64, c color.RGBA) {
	r := vector.NewRasterizer(clip.Dx(), clip.Dy())
	for i, p := range outline {
		x, y := float32(p[0]-float64(clip.Min.X)), float32(p[1]-float64(clip.Min.Y))
		if i == 0 {
			r.MoveTo(x, y)
		} else {
			r.LineTo(x, y)
		}
	}
	r.ClosePath()
	r.Draw(dst, clip, image.NewUniform(c), image.Point{})
}

// arcPoints returns the points of a quarter of a circle. It starts turn quarters past the right and goes clockwise on the
// screen.
func arcPoints(cx, cy, radius, turn float64) [][2]float64 {
	const points = 16
	arc := make([][2]float64, 0, points+1)
	for i := range points + 1 {
		angle := (turn + float64(i)/points) * math.Pi / 2
		arc = append(arc, [2]float64{cx + radius*math.Cos(angle), cy + radius*math.Sin(angle)})
	}
	return arc
}
