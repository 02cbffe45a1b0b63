package main

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Sizes in pixels. Pictures are shown at half their size on ordinary displays, and are sharp on high-density ones.
const (
	fontSize    = 28
	titleSize   = 24
	padding     = 28
	titleHeight = 64
	corner      = 20
	dotSize     = 20
)

// typeface is a font at one size. outlines tells which characters it has.
type typeface struct {
	outlines *sfnt.Font
	face     font.Face
}

func (t typeface) has(r rune) bool {
	var buffer sfnt.Buffer
	index, err := t.outlines.GlyphIndex(&buffer, r)
	return err == nil && index != 0
}

// pen draws screens. It is not safe for concurrent use.
type pen struct {
	regular, bold []typeface // in the order in which they are searched for a character
	title         typeface
	cell          image.Point // size of a cell
	ascent        int         // distance from the top of a cell to the base line
}

// newPen loads the fonts from a directory.
func newPen(dir string) (*pen, error) {
	load := func(name string, size float64) (typeface, error) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return typeface{}, fmt.Errorf("a font is missing: install fonts-dejavu-core: %w", err)
		}
		outlines, err := opentype.Parse(data)
		if err != nil {
			return typeface{}, fmt.Errorf("read font %s: %w", name, err)
		}
		face, err := opentype.NewFace(outlines, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
		if err != nil {
			return typeface{}, fmt.Errorf("scale font %s: %w", name, err)
		}
		return typeface{outlines, face}, nil
	}
	mono, err1 := load("DejaVuSansMono.ttf", fontSize)
	bold, err2 := load("DejaVuSansMono-Bold.ttf", fontSize)
	sans, err3 := load("DejaVuSans.ttf", fontSize)
	title, err4 := load("DejaVuSans.ttf", titleSize)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	advance, ok := mono.face.GlyphAdvance('0')
	if !ok {
		return nil, errors.New("the font has no digits")
	}
	m := mono.face.Metrics()
	return &pen{
		regular: []typeface{mono, sans},
		bold:    []typeface{bold, mono, sans},
		title:   title,
		cell:    image.Pt(advance.Round(), (m.Ascent + m.Descent).Ceil()),
		ascent:  m.Ascent.Ceil(),
	}, nil
}

// window draws a screen with the frame and title bar of a terminal window. It fails if no font has one of the characters.
func (p *pen) window(title string, s screen) (*image.RGBA, error) {
	inner := image.Pt(s.columns*p.cell.X, s.rows*p.cell.Y)
	outer := image.Rect(0, 0, inner.X+2*padding, inner.Y+2*padding+titleHeight)
	img := image.NewRGBA(outer)

	roundRect(img, outer, outer, corner, border)
	body := outer.Inset(2)
	roundRect(img, body, body, corner-2, background)
	bar := body
	bar.Max.Y = titleHeight
	roundRect(img, bar, body, corner-2, titleBar)
	for i, c := range []color.RGBA{basic[1], basic[3], basic[2]} {
		x, y := padding+i*(dotSize+dotSize/2), (titleHeight-dotSize)/2
		dot := image.Rect(x, y, x+dotSize, y+dotSize)
		roundRect(img, dot, dot, dotSize/2, c)
	}
	d := font.Drawer{Dst: img, Src: image.NewUniform(titleText), Face: p.title.face}
	d.Dot = fixed.P((outer.Dx()-d.MeasureString(title).Round())/2, titleHeight/2+titleSize/3)
	d.DrawString(title)

	return img, p.screen(img, image.Pt(padding, titleHeight+padding), s)
}

// screen draws the cells. Backgrounds are drawn first, since a glyph may extend a little beyond its cell.
func (p *pen) screen(img *image.RGBA, origin image.Point, s screen) error {
	each := func(do func(at image.Rectangle, c cell) error) error {
		for y, line := range s.lines {
			x := 0
			for _, c := range line {
				if s.cursorShown && s.cursor == image.Pt(x, y) {
					c.fg, c.bg = background, foreground
				}
				at := image.Rect(x*p.cell.X, y*p.cell.Y, (x+c.columns)*p.cell.X, (y+1)*p.cell.Y).Add(origin)
				if err := do(at, c); err != nil {
					return fmt.Errorf("line %d, column %d: %w", y+1, x+1, err)
				}
				x += c.columns
			}
		}
		return nil
	}
	if err := each(func(at image.Rectangle, c cell) error {
		draw.Draw(img, at, image.NewUniform(c.bg), image.Point{}, draw.Src)
		return nil
	}); err != nil {
		return err
	}
	return each(func(at image.Rectangle, c cell) error { return p.glyph(img, at, c) })
}

func (p *pen) glyph(img *image.RGBA, at image.Rectangle, c cell) error {
	line := func(y int) {
		r := image.Rect(at.Min.X, y, at.Max.X, y+stroke(image.Rect(0, 0, p.cell.X, p.cell.Y)))
		draw.Draw(img, r, image.NewUniform(c.fg), image.Point{}, draw.Src)
	}
	if c.underline {
		line(at.Min.Y + p.ascent + 3)
	}
	if c.strike {
		line(at.Min.Y + p.ascent*2/3)
	}
	switch r, _ := utf8.DecodeRuneInString(c.text); {
	case c.text == "" || c.text == " " || r == '\u00A0':
		return nil
	case drawn(r):
		drawBox(img, at, r, c.fg, c.bg)
		return nil
	default:
		faces := p.regular
		if c.bold {
			faces = p.bold
		}
		for _, t := range faces {
			if !t.has(r) {
				continue
			}
			d := font.Drawer{Dst: img, Src: image.NewUniform(c.fg), Face: t.face}
			// Centre the glyph of a font that is not monospaced.
			d.Dot = fixed.P(at.Min.X, at.Min.Y+p.ascent)
			d.Dot.X += (fixed.I(at.Dx()) - d.MeasureString(string(r))) / 2
			d.DrawString(c.text)
			return nil
		}
		return fmt.Errorf("no font has the character %q", r)
	}
}

// roundRect fills the part of a rectangle that lies inside shape, which has round corners.
func roundRect(img *image.RGBA, r, shape image.Rectangle, radius int, c color.RGBA) {
	sub, ok := img.SubImage(r).(*image.RGBA)
	if !ok {
		return
	}
	x0, y0, x1, y1 := float64(shape.Min.X), float64(shape.Min.Y), float64(shape.Max.X), float64(shape.Max.Y)
	d := float64(radius)
	var outline [][2]float64
	for _, quarter := range []struct{ cx, cy, turn float64 }{
		{x1 - d, y0 + d, 3}, {x1 - d, y1 - d, 0}, {x0 + d, y1 - d, 1}, {x0 + d, y0 + d, 2},
	} {
		outline = append(outline, arcPoints(quarter.cx, quarter.cy, d, quarter.turn)...)
	}
	fillShape(sub, sub.Bounds(), outline, c)
}

func writePNG(path string, img image.Image) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(w, img); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return w.Flush()
}
