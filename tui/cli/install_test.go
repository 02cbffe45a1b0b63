package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// After make build man shows the manual page.
func TestManPageFound(t *testing.T) {
	testneed.Tool(t, "make")
	man := testneed.Tool(t, "man")
	root := t.TempDir()
	sh(t, ".", "cp ../../Makefile '"+root+"'")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The build is the test binary, which is the program if it is asked to be.
	compiler := fmt.Sprintf("#!/bin/sh\nprintf '#!/bin/sh\\n%s=1 exec %s \"$@\"\\n' >shunt; chmod +x shunt\n", envProgram, self)
	if err := os.WriteFile(filepath.Join(root, "go"), []byte(compiler), 0o755); err != nil {
		t.Fatal(err)
	}
	path := "PATH=" + root + ":" + os.Getenv("PATH")
	build := exec.Command("make", "build")
	build.Dir, build.Env = root, append(os.Environ(), path)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("make build: %v\n%s", err, out)
	}
	cmd := exec.Command(man, "-M", ".man", "-P", "cat", "shunt") // as the README says
	cmd.Dir, cmd.Env = root, append(os.Environ(), "LANG=C.UTF-8", "MANWIDTH=100")
	page, err := cmd.CombinedOutput()
	if text := string(page); err != nil || !strings.Contains(text, "loses nothing") || strings.Contains(text, "minus") {
		t.Errorf("man shunt: %v\n%.600s", err, text)
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
