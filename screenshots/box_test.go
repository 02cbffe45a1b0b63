package main

import (
	"image"
	"image/color"
	"slices"
	"testing"
)

var (
	ink   = color.RGBA{R: 255, G: 255, B: 255, A: 255}
	paper = color.RGBA{A: 255}
)

// ofEverySize calls do with cells of odd, even, small and large sizes.
func ofEverySize(do func(size image.Point)) {
	for _, size := range []image.Point{{7, 14}, {8, 16}, {9, 18}, {17, 33}, {18, 37}, {34, 66}} {
		do(size)
	}
}

// drawBetween draws one character between empty cells, which must stay empty.
func drawBetween(t *testing.T, r rune, size image.Point) *image.RGBA {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 3*size.X, 3*size.Y))
	for i := range img.Pix {
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	at := image.Rectangle{Min: size, Max: size.Mul(2)}
	drawBox(img, at, r, ink, paper)
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			if !image.Pt(x, y).In(at) && img.RGBAAt(x, y) != paper {
				t.Fatalf("%c (%U) at %v paints outside of its cell at %d, %d", r, r, size, x-size.X, y-size.Y)
			}
		}
	}
	cut := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			cut.SetRGBA(x, y, img.RGBAAt(size.X+x, size.Y+y))
		}
	}
	return cut
}

// edges are the pixels along the left, upper, right and lower edge.
func edges(img *image.RGBA) (e [4][]color.RGBA) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	for y := range h {
		e[0], e[2] = append(e[0], img.RGBAAt(0, y)), append(e[2], img.RGBAAt(w-1, y))
	}
	for x := range w {
		e[1], e[3] = append(e[1], img.RGBAAt(x, 0)), append(e[3], img.RGBAAt(x, h-1))
	}
	return e
}

// Lines join without a step or seam: whatever the character, an arm of one weight meets the edge in the same pixels.
func TestBoxesJoin(t *testing.T) {
	ofEverySize(func(size image.Point) {
		// The arms of ╋, ┼ and ╬ define how the edges look.
		var want [4][4][]color.RGBA
		for w, r := range map[weight]rune{light: '┼', heavy: '╋', double: '╬'} {
			want[w] = edges(drawBetween(t, r, size))
		}
		for r := rune(0x2500); r <= 0x257F; r++ {
			if dashes(r) > 1 || r >= 0x2571 && r <= 0x2573 {
				continue
			}
			a := boxArmsOf(r)
			got := edges(drawBetween(t, r, size))
			for i, w := range []weight{a.left, a.up, a.right, a.down} {
				pixels := want[w][i]
				if w == none {
					pixels = slices.Repeat([]color.RGBA{paper}, len(got[i]))
				}
				if !slices.Equal(got[i], pixels) {
					t.Errorf("%c (%U) at %v: edge %d differs from other arms of weight %d", r, r, size, i, w)
				}
			}
		}
		for i := range 2 {
			for w := light; w <= double; w++ {
				if !slices.Equal(want[w][i], want[w][i+2]) {
					t.Errorf("at %v, lines of weight %d jump from cell to cell", size, w)
				}
			}
		}
	})
}

// The parts of a character hang together: from any of its pixels every other can be reached, but for double lines, of
// which the two may be apart, and those that have gaps on purpose.
func TestBoxesAreWhole(t *testing.T) {
	ofEverySize(func(size image.Point) {
		for r := rune(0x2500); r <= 0x2570; r++ {
			a := boxArmsOf(r)
			if dashes(r) > 1 {
				continue
			}
			most := 1
			if slices.Contains([]weight{a.left, a.up, a.right, a.down}, double) {
				// ╬ consists of four corners.
				most = 4
			}
			if n := pieces(drawBetween(t, r, size)); n < 1 || n > most {
				t.Errorf("%c (%U) at %v falls into %d pieces", r, r, size, n)
			}
		}
	})
}

// pieces counts the connected areas that are not paper.
func pieces(img *image.RGBA) int {
	n, seen := 0, map[image.Point]bool{}
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			todo := []image.Point{{x, y}}
			for first := true; len(todo) > 0; {
				p := todo[len(todo)-1]
				todo = todo[:len(todo)-1]
				if !p.In(img.Rect) || seen[p] || img.RGBAAt(p.X, p.Y) == paper {
					continue
				}
				seen[p] = true
				if first {
					n, first = n+1, false
				}
				for dy := -1; dy <= 1; dy++ {
					for dx := -1; dx <= 1; dx++ {
						todo = append(todo, p.Add(image.Pt(dx, dy)))
					}
				}
			}
		}
	}
	return n
}

// The eighths of a row of bars grow evenly, and whole blocks and shades leave no seam.
func TestBlocks(t *testing.T) {
	ofEverySize(func(size image.Point) {
		area := func(r rune) int {
			img, n := drawBetween(t, r, size), 0
			for y := range size.Y {
				for x := range size.X {
					if img.RGBAAt(x, y) == ink {
						n++
					}
				}
			}
			return n
		}
		all := size.X * size.Y
		for i := range 8 {
			// U+2588 is full, U+2589 to U+258F are seven to one eighth of the width.
			if got, want := area(rune(0x2588+i)), size.X*(8-i)/8*size.Y; got != want {
				t.Errorf("%c at %v has %d pixels, want %d", 0x2588+i, size, got, want)
			}
			if got, want := area(rune(0x2581+i)), (size.Y-size.Y*(7-i)/8)*size.X; got != want {
				t.Errorf("%c at %v has %d pixels, want %d", 0x2581+i, size, got, want)
			}
		}
		for _, pair := range []string{"▀▄", "▌▐", "▘▟", "▝▙", "▖▜", "▗▛", "▚▞"} {
			r := []rune(pair)
			if a, b := area(r[0]), area(r[1]); a+b != all || a == 0 || b == 0 {
				t.Errorf("%s at %v have %d and %d pixels of %d", pair, size, a, b, all)
			}
		}
		for i, r := range "░▒▓" {
			img, want := drawBetween(t, r, size), mix(paper, ink, float64(i/3+1)/4)
			for y := range size.Y {
				for x := range size.X {
					if img.RGBAAt(x, y) != want {
						t.Fatalf("%c at %v has colour %v at %d, %d; want %v", r, size, img.RGBAAt(x, y), x, y, want)
					}
				}
			}
		}
	})
}
