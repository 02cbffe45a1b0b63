package ops

import (
	"slices"
	"testing"

	"shunt/model"
	"shunt/model/safetext"
)

func TestMatrix(t *testing.T) {
	caps := Capabilities{
		model.NTFS: {Create: "mkfs.ntfs is not installed: apt install ntfs-3g", Shrink: "no", Online: "never", Missing: []string{"ntfs-3g"}, Brings: map[Ability]string{CanCreate: "ntfs-3g"}},
		"zzz":      {Shrink: "no"},
		model.Ext4: {},
	}
	m := caps.Matrix()
	if len(m.Rows) != 3 || m.Rows[0].Kind != model.Ext4 || m.Rows[1].Kind != model.NTFS || m.Rows[2].Kind != "zzz" {
		t.Fatalf("rows %+v", m.Rows)
	}
	for _, r := range m.Rows {
		for _, a := range Abilities() {
			if got, want := r.Cells[a].Reason, caps[r.Kind].Reason(a); got != want || (r.Cells[a].Word() == "yes") != want.OK() {
				t.Errorf("%s, %s: %q, want %q", r.Kind, a, got, want)
			}
		}
	}
	if words := m.Rows[1].Cells; words[CanCreate].Word() != "+ntfs-3g" || words[CanShrink].Word() != "no" || words[CanGrow].Word() != "yes" {
		t.Errorf("cells %+v", words)
	}
	if !slices.Equal(m.Missing(), []string{"ntfs-3g"}) || !slices.Equal(m.Rows[1].Install, m.Missing()) || len(m.Rows[0].Install) > 0 {
		t.Errorf("missing %q", m.Missing())
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain text.txt": "plain text.txt", "ünï 日本": "ünï 日本", "e\u0301": "e\u0301", "": "",
		"a\x1b[31m": `a\x1b[31m`, "\x9b1m": `\x9b1m`, "\u009b": `\u009b`, "a\u202eb": `a\u202eb`, "\u2066x": `\u2066x`, "zero\u200bwidth": `zero\u200bwidth`,
		"\ufeffbom": `\ufeffbom`, "line\nbreak\ttab": `line\x0abreak\x09tab`, "\u2028": `\u2028`, "bad\xff\xc3": `bad\xff\xc3`, "\U000e0041": `\U000e0041`,
		"back\\slash": `back\slash`, "\ufffd": "\ufffd", "soft\u00adhyphen": `soft\u00adhyphen`,
	} {
		if got := safetext.Printable(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := safetext.Lines("a\tb\n\x1bc\n"); got != "a    b\n\\x1bc\n" {
		t.Errorf("%q", got)
	}
}
