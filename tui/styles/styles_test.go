package styles_test

import (
	"reflect"
	"testing"

	"github.com/charmbracelet/x/ansi"

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

// Everything that is drawn with a glyph counts on it being one cell wide.
func TestGlyphWidths(t *testing.T) {
	for _, set := range []styles.GlyphSet{styles.Unicode, styles.ASCII} {
		v := reflect.ValueOf(styles.GlyphsOf(set))
		for i := range v.NumField() {
			name, glyph := v.Type().Field(i).Name, v.Field(i).String()
			want := 1
			if set == styles.ASCII && name == "Yes" {
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
