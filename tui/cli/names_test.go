package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"shunt/model/safetext"
	"shunt/model/testneed"
)

// nastyNames are names of files that text, shells and options trip over.
func nastyNames() []string {
	return []string{
		"plain.raw", "-n.raw", "two  words.raw", "new\nline.raw", "it's \"$(touch gone)\".raw", "back`tick`.raw", "a:b=c.raw", "*.raw", "b\xffd.raw",
		"esc\x1b[31m\u202e.raw", strings.Repeat("x", 245) + ".raw", strings.Repeat("ü", 127),
	}
}

var backquoted = regexp.MustCompile("`([^`]*)`")

// advised runs the command of what was said that fits, as a person would who copies it from the screen.
func (p person) advised(t *testing.T, said, what string) outcome {
	t.Helper()
	for _, found := range backquoted.FindAllStringSubmatch(said, -1) {
		if !strings.Contains(found[1], what) {
			continue
		}
		if bad := obeyed(found[1], ""); bad != "" || strings.Contains(found[1], "\n") {
			t.Errorf("%q cannot be copied", found[1])
		}
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("bash", "-c", fmt.Sprintf("shunt() { %s=1 %s \"$@\"; }; cd /; %s", envProgram, safetext.Word(self), found[1]))
		cmd.Env = append(os.Environ(), "XDG_STATE_HOME=/dev/null")
		return finish(t, cmd)
	}
	t.Errorf("no command with %q in %q", what, said)
	return outcome{code: -1}
}

// TestNastyNames applies a plan to images with such names and takes it back by the command that is printed; what else is
// printed for them is run too.
func TestNastyNames(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	testneed.Tool(t, "bash")
	p := people()[0]
	base := filepath.Join(t.TempDir(), "base")
	sh(t, filepath.Dir(base), "truncate -s 4M base; printf 'label: gpt\nstart=2048,size=2048\n' | sfdisk -q base; printf 'name 1 \"x\"\n' >plan; gzip -kc base >packed")
	plan := filepath.Join(filepath.Dir(base), "plan")
	want := digest(t, base)
	content, err := os.ReadFile(base)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := os.ReadFile(filepath.Join(filepath.Dir(base), "packed"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range nastyNames() {
		t.Run(fmt.Sprintf("%.12q", name), func(t *testing.T) {
			dir := t.TempDir()
			image := filepath.Join(dir, name)
			if err := os.WriteFile(image, content, 0o600); err != nil {
				t.Fatal(err)
			}
			p.run(t, "apply", "--yes", image, plan).want(t, 0, "exactly as planned")
			if digest(t, image) == want {
				t.Error("nothing was done")
			}
			inform := p.run(t, "info", image)
			p.advised(t, strings.ReplaceAll(inform.out, "undo ", "undo --yes "), "undo").want(t, 0, "exactly as it was")
			if digest(t, image) != want {
				t.Error("it is not what it was")
			}
			if err := os.WriteFile(image, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			p.advised(t, p.run(t, "info", image).err, "truncate").want(t, 0)
			if info, err := os.Stat(image); err != nil || info.Size() != 1<<30 {
				t.Errorf("%v, %v", info, err)
			}
			if err := os.WriteFile(image, packed, 0o600); err != nil {
				t.Fatal(err)
			}
			p.advised(t, p.run(t, "info", image).err, "gzip").want(t, 0)
			list, err := os.ReadDir(dir)
			if err != nil || len(list) != 2 {
				t.Fatalf("%v, %v", list, err)
			}
			for _, e := range list {
				if e.Name() != name && digest(t, filepath.Join(dir, e.Name())) != want {
					t.Errorf("%q is not what was packed", e.Name())
				}
			}
		})
	}
}

// TestManyNames reaches an image by its other names: what was done by one is known by all, or refused.
func TestManyNames(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	p := people()[0]
	dir := t.TempDir()
	sh(t, dir, "truncate -s 4M a.raw; printf 'label: gpt\nstart=2048,size=2048\n' | sfdisk -q a.raw; printf 'name 1 \"x\"\n' >plan; mkdir other; ln -s a.raw link; ln a.raw hard")
	at := func(name string) string { return filepath.Join(dir, name) }
	want := digest(t, at("a.raw"))
	for _, names := range [][2]string{{"a.raw", "link"}, {"a.raw", "hard"}, {"hard", "a.raw"}, {"link", "hard"}} {
		p.run(t, "apply", "--yes", at(names[0]), at("plan")).want(t, 0)
		p.run(t, "undo", "--yes", at(names[1])).want(t, 0, "exactly as it was")
		if digest(t, at("a.raw")) != want {
			t.Errorf("by %v it does not become what it was", names)
		}
	}
	sh(t, dir, "ln a.raw other/far")
	p.run(t, "apply", "--yes", at("other/far"), at("plan")).want(t, 1, "2 more of its names (hard links)", "edit a copy")
	if digest(t, at("a.raw")) != want {
		t.Error("it was written to")
	}
	if os.Geteuid() != 0 {
		return
	}
	sh(t, dir, "rm other/far; touch other/bound; mount --bind a.raw other/bound")
	defer sh(t, dir, "umount other/bound")
	p.run(t, "apply", "--yes", at("other/bound"), at("plan")).want(t, 0)
	p.run(t, "undo", "--yes", at("a.raw")).want(t, 0, "exactly as it was")
}
