package dialog_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"shunt/model/tried"
	"shunt/ops/report"
	"shunt/tui/dialog"
	"shunt/tui/keymap"
	"shunt/tui/styles"
)

// listing is a directory with files of these names; a directory's ends in "/", and images are told by ".raw".
func listing(dir string, names ...string) dialog.Listing {
	l := dialog.Listing{Dir: dir, Path: path.Clean(dir)}
	for _, name := range names {
		c := report.Candidate{Name: strings.TrimSuffix(name, "/"), Likely: strings.HasSuffix(name, ".raw")}
		if c.Name != name {
			c.Kind = report.CandidateDir
		}
		c.Path = path.Join(l.Path, c.Name)
		l.Entries = append(l.Entries, c)
	}
	return l
}

// picker is a picker in /images with its entries.
func picker(t *testing.T, names ...string) dialog.Dialog {
	t.Helper()
	b, list := dialog.NewBrowse("/images", "/home/me")
	if list.Dir != "/images/" {
		t.Fatalf("asks for %q", list.Dir)
	}
	d, _ := b.Update(listing("/images/", names...))
	return d
}

// wants is what a key led to, in words; looking into files does not count.
func wants(a dialog.Action) string {
	switch a := a.(type) {
	case dialog.Open:
		return "open " + a.Path
	case dialog.List:
		return "list " + a.Dir
	case dialog.Close:
		return "close"
	}
	return ""
}

func TestBrowseKeys(t *testing.T) {
	names := []string{".hidden.raw", "A b c.raw", "notes.txt", "old/", "Trick.raw", "trick-1.raw", "trick-2.raw"}
	for keys, want := range map[string]string{
		"enter":                    "open /images/A b c.raw",
		"down down enter":          "open /images/trick-2.raw",
		"end enter":                "list /images/old/",
		"end up enter":             "list /",
		"end home enter":           "open /images/A b c.raw",
		"pgdown enter":             "list /images/old/",
		"backspace":                "list /",
		"left":                     "list /",
		"end right":                "list /images/old/",
		"=tri enter":               "open /images/trick-1.raw",
		"=tri down enter":          "open /images/trick-2.raw",
		"=Tri enter":               "open /images/Trick.raw",
		"=b space =c enter":        "open /images/A b c.raw",
		"=o enter":                 "list /images/old/",
		"=notes enter":             "open /images/notes.txt",
		"=.. enter":                "list /",
		"=.h enter":                "open /images/.hidden.raw",
		"=.raw down down enter":    "open /images/trick-1.raw",
		"=2.rx backspace enter":    "open /images/trick-2.raw",
		"=other.raw enter":         "open /images/other.raw",
		"=/ ":                      "list /",
		"=~/":                      "list /home/me/",
		"=~ enter":                 "list /home/me/",
		"=~ tab":                   "list /home/me/",
		"=old/":                    "list /images/old/",
		"=old/x.raw enter":         "",
		"ctrl+t down down enter":   "open /images/trick-1.raw",
		"ctrl+t home enter":        "open /images/.hidden.raw",
		"=tr ctrl+u end enter":     "list /images/old/",
		"=q esc":                   "close",
		"=tr tab =2 tab enter":     "open /images/trick-2.raw",
		"end tab":                  "list /images/old/",
		"=no tab enter":            "open /images/notes.txt",
		"=zz tab enter":            "open /images/zz",
		"=ck-2 tab enter":          "open /images/trick-2.raw",
		"=tr down down down enter": "open /images/Trick.raw",
	} {
		d, got := press(t, picker(t, names...), keys)
		if wants(got) != want {
			t.Errorf("%q wants %q, not %q\n%s", keys, wants(got), want, text(d))
		}
	}
}

// What tab makes of what was typed, as a shell would.
func TestBrowseComplete(t *testing.T) {
	for _, c := range []struct {
		names, typed string
		field, want  string
	}{
		{"disk-1.raw disk-2.raw", "d", "disk-", ""},
		{"disk-1.raw disk-2.raw", "disk-", "disk-", ""},
		{"disk-1.raw disk-2.raw", "disk-2", "disk-2.raw", ""},
		{"disk-1.raw disk-2.raw", "D", "D", ""},
		{"disk-1.raw other.raw", "SK", "disk-1.raw", ""},
		{"disk-1.raw disk-1.raw.xz", "", "disk-1.raw", ""},
		{"disk.raw", "x", "x", ""},
		{"dir/ file", "d", "dir/", "list /images/dir/"},
		{"dir/ dir.raw", "d", "dir", ""},
		{".ssh/ .config/ a.raw", "", "a.raw", ""},
		{".ssh/ .sshd/ a.raw", ".", ".ssh", ""},
		{"größe-ä.raw größe-ö.raw", "g", "größe-", ""},
		{"bad\x1b[1.raw bad\x1b[2.raw", "b", "bad", ""},
		{"bad\xff1.raw bad\xff2.raw", "b", "bad", ""},
		{"bad\x1b.raw", "b", "bad", ""},
		{"bad\x1b/", "b", "", "list /images/bad\x1b/"},
	} {
		d, action := press(t, picker(t, strings.Fields(c.names)...), strings.TrimSpace("="+c.typed+" tab"))
		if c.typed == "" {
			d, action = press(t, picker(t, strings.Fields(c.names)...), "tab")
		}
		if got := dialog.TypedPath(d); got != c.field || wants(action) != c.want {
			t.Errorf("%q of %q becomes %q and wants %q, not %q and %q", c.typed, c.names, got, wants(action), c.field, c.want)
		}
	}
}

// A key that comes before the names means what they make of it.
func TestBrowseHasty(t *testing.T) {
	b, _ := dialog.NewBrowse("/images", "")
	d, action := press(t, b, "=tr enter")
	if action != nil {
		t.Fatalf("wants %v", action)
	}
	d, action = d.Update(listing("/images/", "a.raw", "trick.raw"))
	if wants(action) != "open /images/trick.raw" {
		t.Fatalf("wants %q", wants(action))
	}
	d, _ = press(t, d, "=/old/")
	if _, action = d.Update(listing("/images/", "wrong.raw")); wants(action) != "" {
		t.Fatalf("a late listing wants %v", action)
	}
	// Whoever goes on writing has thought better of it.
	d, _ = press(t, b, "=tr enter =o")
	if _, action = d.Update(listing("/images/", "trock.raw")); wants(action) != "" {
		t.Fatalf("wants %v", action)
	}
}

// The directory above is shown with the cursor on the one that was left.
func TestBrowseUpAndBack(t *testing.T) {
	d, action := press(t, picker(t, "a.raw"), "backspace")
	if wants(action) != "list /" {
		t.Fatalf("wants %v", action)
	}
	d, _ = d.Update(listing("/", "boot.raw", "etc/", "images/", "usr/"))
	if _, action = press(t, d, "enter"); wants(action) != "list /images/" {
		t.Errorf("wants %v", action)
	}
	if _, action = press(t, d, "left"); wants(action) != "" {
		t.Errorf("there is nothing above /, and it wants %v", action)
	}
}

func TestBrowseSections(t *testing.T) {
	d := picker(t, "a.raw", "trick.raw", "notes.txt", ".x")
	d, _ = d.Update(dialog.Recents{List: listing("/other/", "trick.raw", "b.raw").Entries})
	d, _ = d.Update(dialog.Devices{List: []report.Candidate{{Name: "/dev/loop0", Path: "/dev/loop0", Kind: report.CandidateDevice}}})
	order := func(d dialog.Dialog, parts ...string) {
		t.Helper()
		got := text(d)
		for _, part := range parts {
			_, after, ok := strings.Cut(got, part)
			if !ok {
				t.Errorf("%q is not where it belongs:\n%s", part, text(d))
			}
			got = after
		}
	}
	order(d, "Recent", "Here, in /images", "a.raw", "trick.raw", "../", "2 more (hidden", "Loop devices", "/dev/loop0")
	// What is typed means what is here first.
	typed, _ := press(t, d, "=tr")
	order(typed, "Here", ">  trick.raw", "Recent")
	if _, action := press(t, typed, "enter"); wants(action) != "open /images/trick.raw" {
		t.Errorf("opens %v", action)
	}
	typed, _ = press(t, d, "=loop")
	order(typed, "No name in /images matches", "Loop devices", ">  /dev/loop0")
	failed, _ := press(t, d, "=/root/")
	failed, _ = failed.Update(dialog.Listing{Dir: "/root/", Path: "/root", Err: tried.Errorf("open /root: permission denied")})
	order(failed, "In /root", "permission denied")
}

// What shunt keeps beside an image is not offered, and does not keep tab from the image's whole name.
func TestBrowseHidesJournals(t *testing.T) {
	d := picker(t, "trick.raw", "trick.raw.shunt/", "old/", "trick.shunt")
	if got := text(d); strings.Contains(got, "raw.shunt") || !strings.Contains(got, "old/") || !strings.Contains(got, "2 more (hidden") {
		t.Errorf("it is shown:\n%s", got)
	}
	typed, _ := press(t, picker(t, "trick.raw", "trick.raw.shunt/"), "=tr tab")
	if got := dialog.TypedPath(typed); got != "trick.raw" {
		t.Errorf("tab makes it %q", got)
	}
	for _, keys := range []string{"ctrl+t", "=.shunt"} {
		if shown, _ := press(t, d, keys); !strings.Contains(text(shown), "trick.raw.shunt/") {
			t.Errorf("%s: it is not shown:\n%s", keys, text(shown))
		}
	}
}

// The list stays where it is when facts arrive, and each file is looked into once.
func TestBrowseSummaries(t *testing.T) {
	var names []string
	for i := range 200 {
		names = append(names, fmt.Sprintf("disk-%03d.raw", i))
	}
	b, _ := dialog.NewBrowse("/images", "")
	d, action := b.Update(listing("/images/", names...))
	seen := map[string]int{}
	for rounds := 0; ; rounds++ {
		ask, ok := action.(dialog.Summarize)
		if !ok {
			break
		}
		if rounds > 20 || len(ask.Paths) > 24 {
			t.Fatalf("asks for %d in round %d", len(ask.Paths), rounds)
		}
		var msg dialog.Summaries
		for _, p := range ask.Paths {
			seen[p]++
			msg.List = append(msg.List, report.Summary{Path: p, Format: "raw", Size: 1 << 30, Image: true})
		}
		// Until it is answered nothing else is asked for.
		if _, more := press(t, d, "down"); more != nil {
			t.Fatalf("asks for %v meanwhile", more)
		}
		d, action = d.Update(msg)
	}
	if len(seen) < 40 || len(seen) > 100 || seen["/images/disk-000.raw"] != 1 {
		t.Errorf("looked into %d files", len(seen))
	}
	if _, action = press(t, d, "end"); action == nil {
		t.Error("what comes into view is not looked into")
	}
}

// TestBrowseUse: what is said of a use depends on whose it is, not on how it is called.
func TestBrowseUse(t *testing.T) {
	for want, g := range map[string]report.Summary{
		"Partitions that are in use are kept as they are": {Use: "part of a btrfs that is mounted", PartsUsed: true},
		"an editor has to be quit first":                  {Use: "somebody (pid 1)", Shunt: true},
		"It cannot be opened until that ends":             {Use: "mounted (pid 2)"},
	} {
		g.Path, g.Format, g.Image = "/images/a.raw", "raw", true
		d, _ := picker(t, "a.raw").Update(dialog.Summaries{List: []report.Summary{g}})
		text := strings.Join(strings.Fields(ansi.Strip(strings.Join(d.View(72, 18, styles.New(styles.Dark, styles.Full, styles.ASCII)).Lines, " "))), " ")
		if !strings.Contains(text, want) {
			t.Errorf("%+v: %q is not in %q", g, want, text)
		}
	}
}

func TestBrowseMouse(t *testing.T) {
	d := picker(t, "a.raw", "b.raw", "c.raw", "old/")
	at := func(event dialog.MouseEvent, y int) dialog.Mouse {
		parts := d.View(72, 18, styles.New(styles.Dark, styles.Full, styles.ASCII)).Parts
		return dialog.Mouse{Event: event, Part: parts[y], X: 5, Width: 72}
	}
	act := func(d dialog.Dialog, events ...dialog.Mouse) (dialog.Dialog, string) {
		var action dialog.Action
		for _, e := range events {
			d, action = d.Update(e)
		}
		return d, wants(action)
	}
	down := dialog.Press
	for name, c := range map[string]struct {
		events []dialog.Mouse
		then   string
		want   string
	}{
		"select":       {[]dialog.Mouse{at(down, 4)}, "enter", "open /images/b.raw"},
		"again":        {[]dialog.Mouse{at(down, 4), at(dialog.Release, 4), at(down, 4)}, "", "open /images/b.raw"},
		"first":        {[]dialog.Mouse{at(down, 3)}, "", ""},
		"another":      {[]dialog.Mouse{at(down, 4), at(down, 5)}, "enter", "open /images/c.raw"},
		"heading":      {[]dialog.Mouse{at(down, 2)}, "enter", "open /images/a.raw"},
		"field":        {[]dialog.Mouse{at(down, 0)}, "enter", "open /images/a.raw"},
		"below":        {[]dialog.Mouse{at(down, 12)}, "enter", "open /images/a.raw"},
		"directory":    {[]dialog.Mouse{at(down, 7), at(down, 7)}, "", "list /images/old/"},
		"after a drag": {[]dialog.Mouse{at(down, 4), at(dialog.Drag, 5), at(down, 4)}, "", "open /images/b.raw"},
	} {
		next, got := act(d, c.events...)
		if c.then != "" {
			_, action := press(t, next, c.then)
			got = wants(action)
		}
		if got != c.want {
			t.Errorf("%s: wants %q, not %q\n%s", name, got, c.want, text(next))
		}
	}
}

// BenchmarkBrowse is a key in a directory of ten thousand images, with its frame.
func BenchmarkBrowse(b *testing.B) {
	var names []string
	for i := range 10_000 {
		names = append(names, fmt.Sprintf("disk %05d.raw", (i*7919)%10_000))
	}
	slices.Sort(names)
	st := styles.New(styles.Dark, styles.Full, styles.Unicode)
	first, _ := dialog.NewBrowse("/images", "")
	l := listing("/images/", names...)
	b.Run("listing", func(b *testing.B) {
		for range b.N {
			d, _ := first.Update(l)
			d.View(72, 18, st)
		}
	})
	d, _ := first.Update(l)
	for _, key := range []string{"=d", "=9", "down", "end", "tab"} {
		b.Run(key, func(b *testing.B) {
			for range b.N {
				next, _ := press(b, d, key)
				next.View(72, 18, st)
			}
		})
	}
}

// Enter is among the keys exactly while it opens something, as far as is known; it tries in any case.
func TestBrowseOpens(t *testing.T) {
	d := picker(t, "free.raw", "gone.raw", "in use.raw", "mine.raw", "mounted.raw", "watched.raw", ".hidden.raw", "old/")
	d, _ = d.Update(dialog.Summaries{List: []report.Summary{
		{Path: "/images/free.raw"},
		{Path: "/images/gone.raw", Format: "qcow2", Cannot: "its backing file is missing"},
		{Path: "/images/in use.raw", Use: "a virtual machine"},
		{Path: "/images/mine.raw", Use: "this shunt", Own: true},
		{Path: "/images/mounted.raw", Use: "mounted at /mnt", PartsUsed: true},
		{Path: "/images/watched.raw", Use: "shunt", Shunt: true},
	}})
	for keys, want := range map[string]bool{
		"=free": true, "=gone": false, "=in": false, "=mine": true, "=mounted": true, "=watched": true, "=old": true, "=zzz": false, "=hid": true,
	} {
		d, _ := press(t, d, keys)
		if offered := slices.ContainsFunc(d.Keys(), func(b keymap.Binding) bool { return b.Has("enter") && !b.IsIdle() }); offered != want {
			t.Errorf("%q: enter is offered: %v\n%s", keys, offered, text(d))
		}
		if _, action := d.Update(keymap.Event("enter")); action == nil {
			t.Errorf("%q: enter does not try", keys)
		}
	}
	for _, width := range []int{60, 80, 200} {
		drawn := ansi.Strip(strings.Join(dialog.Draw(d, width, 30, styles.New(styles.Dark, styles.Full, styles.Unicode)).Block, "\n"))
		if !strings.Contains(drawn, "cannot be opened") && !strings.Contains(drawn, "refused") {
			t.Errorf("%d columns: the list does not say what cannot be opened:\n%s", width, drawn)
		}
	}
}
