package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// TestInstall installs into a directory of its own, with no Go on the path, looks at what is there, and takes it away.
func TestInstall(t *testing.T) {
	testneed.Tool(t, "make")
	root, dest := t.TempDir(), t.TempDir()
	sh(t, ".", "cp ../../Makefile '"+root+"'")
	// The test binary is the program if it is asked to be.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\n%s=1 exec '%s' \"$@\"\n", envProgram, self)
	if err := os.WriteFile(filepath.Join(root, "shunt"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	run := func(goal string) {
		t.Helper()
		cmd := exec.Command("make", goal, "DESTDIR="+dest, "PREFIX=/opt/a b")
		cmd.Dir, cmd.Env = root, []string{"PATH=/usr/bin:/bin"}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("make %s: %v\n%s", goal, err, out)
		}
	}
	run("install")
	for name, words := range map[string][]string{
		"bin/shunt":              {"exec"},
		"share/man/man1/shunt.1": {".TH SHUNT 1", "move P right SIZE", ".SH EXIT STATUS", "a commit was interrupted"},
		"share/bash-completion/completions/shunt":    {"__start_shunt"},
		"share/zsh/site-functions/_shunt":            {"#compdef shunt"},
		"share/fish/vendor_completions.d/shunt.fish": {"complete -c shunt"},
	} {
		path := filepath.Join(dest, "opt/a b", name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, w := range words {
			if !strings.Contains(strings.ReplaceAll(string(text), `\-`, "-"), w) {
				t.Errorf("%s lacks %q", name, w)
			}
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o777 != map[bool]os.FileMode{true: 0o755, false: 0o644}[name == "bin/shunt"] {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	run("uninstall")
	if left := strings.TrimSpace(sh(t, dest, "find . -type f")); left != "" {
		t.Errorf("left behind:\n%s", left)
	}
}

// The manual page is well-formed as far as groff can tell.
func TestManPageFormatted(t *testing.T) {
	testneed.Tool(t, "groff")
	cmd := exec.Command("groff", "-man", "-ww", "-Tutf8")
	cmd.Stdin = strings.NewReader(people()[0].run(t, "man").out)
	var warnings strings.Builder
	cmd.Stderr = &warnings
	page, err := cmd.Output()
	if err != nil || warnings.Len() > 0 {
		t.Errorf("groff: %v\n%s", err, warnings.String())
	}
	if !strings.Contains(string(page), "exactly as planned") {
		t.Errorf("the page is\n%s", page)
	}
}

// The shells are told partition numbers, with what they are, and files everywhere else. A label that a shell could take
// for a command is left out.
func TestCompletion(t *testing.T) {
	testneed.Tool(t, "mkfs.ext4")
	image := filepath.Join(t.TempDir(), "a b.raw")
	people()[0].run(t, "demo", "--make-only", image).want(t, exitDone)
	before := digest(t, image)
	for _, c := range []struct {
		words []string
		want  string
	}{
		{[]string{"info", image, ""}, "1\text4 483 MiB docs\n2\text4 483 MiB photos\n:36\n"},
		{[]string{"ls", image, ""}, "1\text4 483 MiB docs\n2\text4 483 MiB photos\n:36\n"},
		{[]string{"ls", "/nonexistent", ""}, ":36\n"},
		{[]string{"ls", image, "1", ""}, ":4\n"},
		{[]string{"apply", ""}, ":0\n"},
		{[]string{"apply", image, ""}, ":0\n"},
		{[]string{"apply", image, "plan", ""}, ":4\n"},
		{[]string{"mount", image, "1", ""}, ":16\n"},
		{[]string{"--sector-size", ""}, "512\n4096\n:4\n"},
	} {
		o := people()[0].run(t, slices.Concat([]string{"__complete"}, c.words)...)
		if o.out != c.want || o.code != 0 {
			t.Errorf("%q: exit code %d, %q, want %q", c.words, o.code, o.out, c.want)
		}
	}
	for label, want := range map[string]string{"home": "home", "My_1.2-b": "My_1.2-b", "$(reboot)": "", "a b": "", "`x`": "", "ü": ""} {
		if got := harmless(label); got != want {
			t.Errorf("of the label %q the shells are told %q", label, got)
		}
	}
	if digest(t, image) != before {
		t.Error("completing wrote to the image")
	}
}
