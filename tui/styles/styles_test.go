package styles_test

import (
	"image/color"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/lucasb-eyer/go-colorful"

	"shunt/model"
	"shunt/tui/styles"
)

func TestDetectGlyphs(t *testing.T) {
	for _, c := range []struct {
		name string
		env  map[string]string
		want styles.GlyphSet
	}{
		{"nothing set", nil, styles.Unicode},
		{"UTF-8 locale", map[string]string{"TERM": "xterm-256color", "LANG": "en_GB.UTF-8"}, styles.Unicode},
		{"C locale", map[string]string{"LANG": "C"}, styles.ASCII},
		{"POSIX locale", map[string]string{"LANG": "POSIX"}, styles.ASCII},
		{"C with UTF-8", map[string]string{"LANG": "C.UTF-8"}, styles.Unicode},
		{"LC_ALL wins", map[string]string{"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, styles.ASCII},
		{"LC_CTYPE before LANG", map[string]string{"LC_CTYPE": "en_GB.UTF-8", "LANG": "C"}, styles.Unicode},
		{"Linux console", map[string]string{"TERM": "linux", "LANG": "en_GB.UTF-8"}, styles.ASCII},
	} {
		if got := styles.DetectGlyphs(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// Everything that is drawn with a glyph counts on its width.
func TestGlyphWidths(t *testing.T) {
	for _, set := range []styles.GlyphSet{styles.Unicode, styles.ASCII} {
		v := reflect.ValueOf(styles.GlyphsOf(set))
		for i := range v.NumField() {
			name, glyph := v.Type().Field(i).Name, v.Field(i).String()
			want := 1
			if set == styles.ASCII && slices.Contains([]string{"Yes", "More", "Left", "Right"}, name) {
				want = 2
			}
			if w := ansi.StringWidth(glyph); w != want {
				t.Errorf("set %d: %s %q is %d cells wide", set, name, glyph, w)
			}
			for _, r := range glyph {
				if set == styles.ASCII && r > 0x7e {
					t.Errorf("%s %q is not ASCII", name, glyph)
				}
			}
		}
	}
}

// allKinds has a kind of file system of every hue.
var allKinds = []model.FSKind{
	model.Ext2, model.Ext3, model.Ext4, model.FAT16, model.FAT32, model.ExFAT, model.NTFS, model.XFS, model.Btrfs, model.F2FS, model.Swap,
	model.LUKS, model.LVM2, model.Unformatted, model.ReiserFS, model.JFS, model.NILFS2, model.UDF,
}

// What stands in a selected or shaded row stays legible, with all colours and with 256 of them.
func TestRowsKeepContrast(t *testing.T) {
	least := map[string]float64{"row": 3, "stripe": 3.7} // a selected row is bold
	for theme, name := range map[styles.Theme]string{styles.Dark: "dark", styles.Light: "light"} {
		st := styles.New(theme, styles.Full, styles.Unicode)
		looks := []styles.Look{st.Muted, st.Good, st.Warn, st.Bad, st.Unallocated, st.Unformatted, st.Extended, st.Other}
		for _, kind := range allKinds {
			looks = append(looks, st.FS(kind))
		}
		for beneath, under := range map[string]styles.Look{"row": st.Row, "stripe": st.Stripe} {
			for _, look := range looks {
				cell := cellOf(t, under.Under(look.Render("x")))
				for _, profile := range []colorprofile.Profile{colorprofile.TrueColor, colorprofile.ANSI256} {
					fg, bg := profile.Convert(cell.Style.Fg), profile.Convert(cell.Style.Bg)
					if got := contrast(fg, bg); got < least[beneath] {
						t.Errorf("%s, %s, %v: %v on %v has a contrast of %.2f", name, beneath, profile, fg, bg, got)
					}
				}
			}
		}
	}
}

// Where colours do not suffice for a background, the selected row is reversed, in one look over its whole width, and no row is
// shaded.
func TestRowsWithoutColours(t *testing.T) {
	for _, depth := range []styles.Depth{styles.Sixteen, styles.Mono} {
		st := styles.New(styles.Dark, depth, styles.Unicode)
		if cell := cellOf(t, st.Row.Under(st.Good.Render("x"))); cell.Style.Attrs&uv.AttrReverse == 0 || cell.Style.Bg != nil {
			t.Errorf("depth %d: a selected row looks like %+v", depth, cell.Style)
		}
		line := st.Good.Render("a") + "b" + st.Bad.Render("c") + st.Strong.Reverse(true).Render("d")
		if got, want := styles.Shown(st.Row.Under(line)), "\x1b[7mabcd\x1b[m"; got != want {
			t.Errorf("depth %d: a selected row is drawn as %q, want %q", depth, got, want)
		}
		if cell := cellOf(t, st.Stripe.Under("x")); !cell.Style.IsZero() {
			t.Errorf("depth %d: a shaded row looks like %+v", depth, cell.Style)
		}
	}
}

// cellOf is the first cell of a line on a terminal.
func cellOf(t *testing.T, line string) *uv.Cell {
	t.Helper()
	screen := uv.NewScreenBuffer(2, 1)
	uv.NewStyledString(styles.Shown(line)).Draw(screen, screen.Bounds())
	return screen.CellAt(0, 0)
}

// contrast is the contrast of two colours by the rules for web pages, from 1 to 21.
func contrast(a, b color.Color) float64 {
	luminance := func(c color.Color) float64 {
		sum := 0.0
		r, g, b, _ := c.RGBA()
		for i, v := range []uint32{r, g, b} {
			s := float64(v) / 0xffff
			if s <= 0.03928 {
				s /= 12.92
			} else {
				s = math.Pow((s+0.055)/1.055, 2.4)
			}
			sum += s * []float64{0.2126, 0.7152, 0.0722}[i]
		}
		return sum
	}
	high, low := luminance(a), luminance(b)
	return (max(high, low) + 0.05) / (min(high, low) + 0.05)
}

// Kinds of file systems that people have side by side must not look the same.
func TestKindsDiffer(t *testing.T) {
	for _, theme := range []styles.Theme{styles.Dark, styles.Light} {
		st := styles.New(theme, styles.Full, styles.Unicode)
		seen := map[string]model.FSKind{}
		for _, kind := range []model.FSKind{
			model.Ext2, model.Ext3, model.Ext4, model.FAT32, model.ExFAT, model.NTFS, model.XFS, model.Btrfs, model.F2FS, model.Swap,
			model.LUKS, model.LVM2, model.Unformatted,
		} {
			look := st.FS(kind).Render("x")
			if other, ok := seen[look]; ok {
				t.Errorf("theme %d: %q looks like %q", theme, kind, other)
			}
			seen[look] = kind
		}
	}
}

// Of the sixteen colours, those of warnings, of errors and of the keyboard belong to no kind of file system, and the kinds that
// are most often side by side differ.
func TestSixteenColoursAreSeparate(t *testing.T) {
	for _, theme := range []styles.Theme{styles.Dark, styles.Light} {
		st := styles.New(theme, styles.Sixteen, styles.Unicode)
		seen := map[string]string{}
		for name, look := range map[string]styles.Look{"warning": st.Warn, "error": st.Bad.Bold(false), "keyboard": st.Focus} {
			seen[look.Render("x")] = name
		}
		own := seen
		if theme == styles.Light {
			own = map[string]string{} // blue is the only colour for the keyboard that is legible there
			delete(seen, st.Focus.Render("x"))
		}
		for _, kind := range allKinds {
			if other, ok := own[st.FS(kind).Render("x")]; ok {
				t.Errorf("theme %d: %s looks like a %s", theme, kind, other)
			}
		}
		for _, kind := range []model.FSKind{
			model.Ext4, model.FAT32, model.NTFS, model.XFS, model.Btrfs, model.Swap, model.LUKS,
		} {
			look := st.FS(kind).Render("x")
			if other, ok := seen[look]; ok {
				t.Errorf("theme %d: %s looks like %s", theme, kind, other)
			}
			seen[look] = string(kind)
		}
	}
}

// No kind of file system has nearly the colour of an error. The distance is that of a known formula, in which 0 is the same colour
// and 100 is from black to white.
func TestKindsAreNoErrors(t *testing.T) {
	const least = 15
	for _, theme := range []styles.Theme{styles.Dark, styles.Light} {
		st := styles.New(theme, styles.Full, styles.Unicode)
		bad, _ := colorful.MakeColor(cellOf(t, st.Bad.Render("x")).Style.Fg)
		for _, kind := range allKinds {
			if fg := cellOf(t, st.FS(kind).Render("x")).Style.Fg; fg != nil {
				c, _ := colorful.MakeColor(fg)
				if d := 100 * bad.DistanceCIEDE2000(c); d < least {
					t.Errorf("theme %d: %s is at a distance of %.0f from an error", theme, kind, d)
				}
			}
		}
	}
}

// Warnings and errors begin with a sign, whatever the colours; what stands below a sign does not.
func TestSigns(t *testing.T) {
	for _, depth := range []styles.Depth{styles.Full, styles.Sixteen, styles.Mono} {
		st := styles.New(styles.Dark, depth, styles.Unicode)
		for name, look := range map[string]styles.Look{"warn": st.Warn, "bad": st.Bad, "danger": st.Danger, "bold": st.Warn.Bold(true)} {
			if look.Sign() != "! " || look.Unsigned().Sign() != "" {
				t.Errorf("depth %d: %s has the sign %q, unsigned %q", depth, name, look.Sign(), look.Unsigned().Sign())
			}
		}
		for name, look := range map[string]styles.Look{"text": st.Text, "good": st.Good, "strong": st.Strong, "row": st.Row} {
			if look.Sign() != "" {
				t.Errorf("depth %d: %s has the sign %q", depth, name, look.Sign())
			}
		}
	}
}

// In ASCII, no arrow key is named by the sign of another key.
func TestKeyNames(t *testing.T) {
	for name, want := range map[string]string{
		"↑↓": "up/down", "←→": "left/right", "K shift+↑": "K shift+up", "↓ j": "down j", "→ enter": "right enter",
		"<": "<", ">": ">", "v": "v", "pgup/dn": "pgup/dn", "esc": "esc",
	} {
		if got := styles.New(styles.Dark, styles.Full, styles.ASCII).KeyName(name); got != want {
			t.Errorf("%q is named %q, want %q", name, got, want)
		}
		if got := styles.New(styles.Dark, styles.Full, styles.Unicode).KeyName(name); got != name {
			t.Errorf("%q is named %q", name, got)
		}
	}
}

// While keys are held off, no button is filled.
func TestHeldButtons(t *testing.T) {
	for _, depth := range []styles.Depth{styles.Full, styles.Sixteen, styles.Mono} {
		st := styles.New(styles.Dark, depth, styles.Unicode)
		for _, look := range []styles.Look{st.Holding().Chosen, st.Holding().Danger} {
			if cell := cellOf(t, look.Render("x")); cell.Style.Attrs&uv.AttrReverse != 0 || cell.Style.Bg != nil {
				t.Errorf("depth %d: a button looks like %+v", depth, cell.Style)
			}
		}
	}
}

// Behind a dialog a selected row has the weaker mark and no highlight, and a line about damage keeps its look.
func TestBehind(t *testing.T) {
	for _, depth := range []styles.Depth{styles.Full, styles.Sixteen, styles.Mono} {
		for _, set := range []styles.GlyphSet{styles.Unicode, styles.ASCII} {
			st := styles.New(styles.Dark, depth, set)
			page := st.Behind()
			if page.Cursor != st.Pick || page.Row.Under("a") != "a" || page.Alarm.Signed("a") != st.Alarm.Signed("a") {
				t.Errorf("depth %d, set %d: mark %q, row %q, damage %q", depth, set, page.Cursor, page.Row.Under("a"), page.Alarm.Signed("a"))
			}
		}
	}
}
