package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"shunt/ops/journal"
)

// obeyed is the first character that a terminal would obey or hide; line ends and the characters in allowed are none.
func obeyed(text, allowed string) string {
	for i, r := range text {
		_, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '\n', strings.ContainsRune(allowed, r) && r != utf8.RuneError:
		case r == utf8.RuneError && n == 1, unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			return text[i : i+n]
		}
	}
	return ""
}

func FuzzStream(f *testing.F) {
	for _, s := range []string{"a\tb\n", "\x1b[31mred\x1b[0m", "\x1b]52;c;x\a", "\u202e\u2028\x9b1m", "é\xff"} {
		f.Add(s, 1)
	}
	f.Fuzz(func(t *testing.T, text string, cut int) {
		cut = min(max(cut, 0), len(text))
		var b bytes.Buffer
		s := newStream(&b)
		for _, part := range []string{text[:cut], text[cut:]} {
			if n, err := fmt.Fprint(s, part); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
		if err := s.json(map[string]string{"a": text}, "  "); err != nil {
			t.Fatal(err)
		}
		if bad := obeyed(b.String(), ""); bad != "" {
			t.Errorf("%q lets %q through", text, bad)
		}
		b.Reset()
		s.status(text)
		if rest, ours := strings.CutPrefix(b.String(), "\r\x1b[K"); !ours || obeyed(rest, "") != "" || strings.Contains(rest, "\n") {
			t.Errorf("as a status %q is %q", text, b.String())
		}
		b.Reset()
		if n, err := (helpStream{s}).Write([]byte(text)); n != len(text) || err != nil || obeyed(b.String(), "\t") != "" {
			t.Errorf("as help %q is %q, %v", text, b.String(), err)
		}
	})
}

// nasty is text that would take a terminal over.
const nasty = "\x1b]52;c;ZXZpbA==\a\x1b[2J\u009b31m\u202e\u200b\x9b\x7f\u2028"

// TestNastyJournal runs every command on an image whose journal's directory holds such text wherever text can stand.
func TestNastyJournal(t *testing.T) {
	p := people()[0]
	image := filepath.Join(t.TempDir(), "a.raw")
	sh(t, filepath.Dir(image), "truncate -s 4M a.raw; printf 'label: gpt\nstart=2048,size=2048\n' | sfdisk -q a.raw; printf 'name 1 \"x\"\n' >plan")
	dir := func(t *testing.T) *journal.Dir {
		t.Helper()
		d, err := journal.OpenDir(journal.Location{Parent: filepath.Dir(image), Name: "a.raw.shunt"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		return d
	}
	kept := func(t *testing.T, state journal.State, plan string) {
		t.Helper()
		dir := dir(t)
		j, err := journal.Create(dir, journal.Program{
			SizeBefore: 4 << 20, SizeAfter: 4 << 20, Name: "/" + nasty, Plan: plan, Sector: 512,
			Parts: []journal.Part{{Name: nasty, Len: 512}}, Units: []journal.Unit{{Stage: journal.StageCopy, Ops: []journal.Op{{Kind: journal.OpZero, Len: 512}}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{journal.SpillName, journal.BeforeName, journal.StageName} {
			f, err := dir.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			_ = f.Close()
		}
		if state == journal.Kept {
			mark, err := journal.WriteSeal(dir, journal.Seal{Modified: 1})
			if err != nil {
				t.Fatal(err)
			}
			if err := j.Keep(mark); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	result := `{"when":"2026-01-01T00:00:00Z","task":"apply","plan":"X","result":{"outcome":"interrupted","error":"X","advice":"X","log":"X"}}`
	for name, plant := range map[string]func(t *testing.T){
		"kept, a plan":  func(t *testing.T) { kept(t, journal.Kept, "name 1 \""+strings.ToValidUTF8(nasty, "")+"\"\n") },
		"kept, no plan": func(t *testing.T) { kept(t, journal.Kept, nasty) },
		"unfinished":    func(t *testing.T) { kept(t, journal.Running, nasty) },
		"what was to say": func(t *testing.T) {
			plantFile(t, image+".shunt", "result.json", strings.ReplaceAll(result, "X", strings.NewReplacer("\x1b", `\u001b`, "\a", `\u0007`).Replace(nasty)))
		},
		"no undo": func(t *testing.T) { plantFile(t, image+".shunt", "no-undo", nasty) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, args := range [][]string{
				{"info", image},
				{"info", "--json", image},
				{"info", image, "1"},
				{"info", image, "0", "--json"},
				{"ls", image, "1"},
				{"apply", "--rehearse", image, filepath.Join(filepath.Dir(image), "plan")},
				{"apply", "--rehearse", "--json", image, filepath.Join(filepath.Dir(image), "plan")},
				{"undo", "--yes", image},
				{"undo", "--yes", "--json", image},
				{"recover", image},
				{"recover", "--json", image},
			} {
				if err := os.RemoveAll(image + ".shunt"); err != nil {
					t.Fatal(err)
				}
				plant(t)
				o := p.run(t, args...)
				if bad := obeyed(o.out+o.err, ""); bad != "" {
					t.Errorf("%v says %q in\n%q\n%q", args[:1], bad, o.out, o.err)
				}
				if name == "kept, no plan" && args[0] == "undo" && !strings.Contains(o.err+o.out, "a plan that cannot be read") {
					t.Errorf("%v does not say that the plan cannot be read: %q", args, o.err)
				}
			}
		})
	}
	for _, args := range [][]string{{nasty}, {"info", nasty}, {"info", image, nasty}, {"--" + nasty}, {"help", nasty}, {"--align", nasty, "info", image}, {"apply", image, nasty}} {
		if o := p.run(t, args...); obeyed(o.out+o.err, "\t") != "" {
			t.Errorf("%q: %q %q", args, o.out, o.err)
		}
	}
}

func plantFile(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
