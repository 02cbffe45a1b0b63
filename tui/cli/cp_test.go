package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// describe describes all files below the working directory, as find and sha256sum see them.
const describe = `{ find . -name lost+found -prune -o ! -path . ! -type d -printf '%P %y %m %T@ %s %l\n' -o -name '?*' ! -path . -type d -printf '%P %y %m %T@\n' | sed -E 's/\.[0-9]{9}0*//' | sort
find . -name lost+found -prune -o -type f -print0 | sort -z | xargs -0r sha256sum; }`

// oddTree makes a directory with files of all kinds, with odd names, modes and times.
const oddTree = `mkdir -p tree/etc tree/d/deep tree/empty; printf 'hello\n' >tree/etc/hello; head -c 300000 /dev/urandom >tree/d/data
printf 'esc \033[31mred\a\n' >tree/esc; printf x >tree/"$(printf 'new\nline')"; printf y >tree/"$(printf '\377\376 bad')"; printf z >tree/-dash
ln -s /etc/passwd tree/passwd; ln -s ../etc/hello tree/d/rel; ln -s nowhere tree/broken; ln -s loop tree/loop
truncate -s 4M tree/sparse; printf end >>tree/sparse; chmod 600 tree/d/data; chmod 751 tree/etc/hello; chmod 500 tree/d/deep
touch -d '2001-02-03 04:05:06' tree/etc/hello tree/d/deep tree/etc; touch -h -d '2002-02-03 04:05:06' tree/broken
`

// TestCopyOut copies trees out of images, as root and as an ordinary user, and compares them with what foreign programs
// put in.
func TestCopyOut(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "mke2fs")
	testneed.Tool(t, "qemu-img")
	source := t.TempDir()
	sh(t, source, oddTree+`truncate -s 40M raw; printf '2048,,L\n' | sfdisk -q raw; mke2fs -q -t ext4 -E offset=1048576,nodiscard -d tree raw 39M
		debugfs -w -R 'set_inode_field /etc/hello mode 0104751' 'raw?offset=1048576' 2>/dev/null; qemu-img convert -O qcow2 raw './odd:1:name'`)
	want := sh(t, filepath.Join(source, "tree"), describe)
	for _, p := range people() {
		dir := p.dir(t)
		sh(t, dir, "cp --sparse=always '"+source+"'/raw '"+source+"/odd:1:name' .; chmod a+r *")
		for _, from := range []string{"raw:1:/", "odd:1:name:1:"} {
			out := filepath.Join(dir, "out "+from[:3])
			got := p.run(t, "cp", filepath.Join(dir, from), out)
			wantIn(t, got.err, "setuid or setgid bit was dropped", "copied to")
			if got.code != exitDone || got.out != "" {
				t.Errorf("%s: %+v", p.name, got)
			}
			if has := sh(t, out, describe); has != want {
				t.Errorf("%s: %s has\n%s, want\n%s", p.name, from, has, want)
			}
			if n := strings.TrimSpace(sh(t, out, "du -k sparse | cut -f1")); len(n) > 2 {
				t.Errorf("the sparse file takes %s KiB", n)
			}
		}
	}
}

// TestCat prints files, and says what is wrong with paths.
func TestCat(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "mke2fs")
	testneed.Tool(t, "mkfs.fat")
	p, dir := people()[0], t.TempDir()
	sh(t, dir, oddTree+`mkfifo tree/pipe; truncate -s 32M disk; mke2fs -q -F -t ext4 -d tree disk; mkfs.fat -C fat 2000 >/dev/null
		truncate -s 32M parts; printf '2048,8M\n,8M\n' | sfdisk -q parts; printf 'LUKS\272\276\0\1' | dd of=parts bs=1M seek=1 conv=notrunc status=none
		cp disk broken; dd if=/dev/urandom of=broken bs=1k seek=2 count=2000 conv=notrunc status=none`)
	for _, c := range []struct {
		image, p, path string
		code           int
		out, says      string
	}{
		{"disk", "0", "etc/hello", exitDone, "hello\n", ""},
		{"disk", "0", "/d/rel", exitDone, "hello\n", ""},
		{"disk", "0", "/d/../d/./rel", exitDone, "hello\n", ""},
		{"disk", "0", "esc", exitDone, "esc \x1b[31mred\a\n", ""},
		{"disk", "0", "-dash", exitDone, "z", ""},
		{"disk", "0", "new\nline", exitDone, "x", ""},
		{"disk", "0", "\xff\xfe bad", exitDone, "y", ""},
		{"disk", "0", "etc", exitRefused, "", "is a directory: `shunt cp "},
		{"disk", "0", "", exitRefused, "", "is a directory"},
		{"disk", "0", "nosuch", exitRefused, "", "/nosuch: there is no file or directory of this name"},
		{"disk", "0", "etc/hello/x", exitRefused, "", "/etc/hello: it is not a directory"},
		{"disk", "0", "passwd", exitRefused, "", "/etc/passwd: there is no file or directory of this name"},
		{"disk", "0", "loop", exitRefused, "", "/loop: it leads through more than 40 links"},
		{"disk", "0", "pipe", exitRefused, "", "it is a pipe, which has no content"},
		{"disk", "3", "x", exitRefused, "", "there is no partition 3"},
		{"fat", "0", "x", exitRefused, "", "/x: there is no file"},
		{"parts", "1", "x", exitRefused, "", "encrypted"},
		{"parts", "2", "x", exitRefused, "", "file system"},
		{"broken", "0", "etc/hello", exitRefused, "", "check it first"},
	} {
		got := p.run(t, "cat", "--", filepath.Join(dir, c.image), c.p, c.path)
		if got.code != c.code || got.out != c.out || !strings.Contains(got.err, c.says) || strings.Count(got.err, "\n") > 1 && c.image != "broken" {
			t.Errorf("%s %q: code %d, %q, %q", c.image, c.path, got.code, got.out, got.err)
		}
	}
}

// TestCopyOutRefuses: nothing is overwritten, and nothing half made is left.
func TestCopyOutRefuses(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "mke2fs")
	p, dir := people()[0], t.TempDir()
	sh(t, dir, `mkdir -p tree/sub there; printf new >tree/f; printf old >there/f; printf s >tree/sub/s; truncate -s 8M disk; mke2fs -q -t ext2 -d tree disk`)
	for _, c := range []struct {
		args  string
		code  int
		says  string
		after string // what is in the directory then
	}{
		{"disk:0:f there", exitRefused, "f exists already: nothing was written; --force", "f=old"},
		{"disk:0:f there/f", exitRefused, "exists already", "f=old"},
		{"disk:0:f nosuch/x", exitRefused, "no such file or directory", "f=old"},
		{"disk:0:f nosuch/", exitRefused, "is not a directory: make it first", "f=old"},
		{"disk:0:nosuch there", exitRefused, "there is no file or directory of this name", "f=old"},
		{"disk f", exitUsage, "write TARGET:P:PATH", "f=old"},
		{"disk:x:f f", exitUsage, "write TARGET:P:PATH", "f=old"},
		{"disk:0:f -", exitDone, "", "f=old"},
		{"--force disk:0:f there", exitDone, "1 file (3 B) copied", "f=new"},
		{"disk:0:/ there", exitRefused, "f: it exists already and was left as it is", "f=new s=s"},
		{"disk:0:sub there", exitRefused, "exists already", "f=new s=s"},
		{"disk:0:sub there/again", exitDone, "1 file, 1 directory (1 B)", "s=s f=new s=s"},
	} {
		words := strings.Fields(c.args)
		for i, w := range words {
			if strings.HasPrefix(w, "disk") || strings.HasPrefix(w, "there") || strings.HasPrefix(w, "nosuch") {
				words[i] = dir + "/" + w
			}
		}
		got := p.run(t, append([]string{"cp"}, words...)...)
		after := strings.Join(strings.Fields(sh(t, filepath.Join(dir, "there"), `find . -type f | sort | while read f; do echo "$(basename $f)=$(cat $f)"; done`)), " ")
		if got.code != c.code || !strings.Contains(got.err, c.says) || after != c.after || (got.out == "new") != strings.HasSuffix(c.args, "-") {
			t.Errorf("%s: %+v, there is %s, want %s", c.args, got, after, c.after)
		}
	}
}

// TestCopyHostile copies a tree in which names lead out of it.
func TestCopyHostile(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "mke2fs")
	p, dir := people()[0], t.TempDir()
	sh(t, dir, `mkdir -p tree/AA tree/realdir outside; printf evil >tree/AA/x; printf evil >tree/aYYYb; printf evil >tree/realdir/in; ln -s "$PWD/outside" tree/linkdir; printf good >tree/zz
		truncate -s 8M disk; mke2fs -q -t ext2 -O ^dir_index -d tree disk`)
	image, err := os.ReadFile(filepath.Join(dir, "disk"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(image)
	for from, to := range map[string]string{"\x02\x02AA": "\x02\x02..", "aYYYb": "a/../", "\x07\x02realdir": "\x07\x02linkdir"} {
		if strings.Count(text, from) != 1 {
			t.Fatalf("%q is there %d times", from, strings.Count(text, from))
		}
		text = strings.Replace(text, from, to, 1)
	}
	if err := os.WriteFile(filepath.Join(dir, "disk"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got := p.run(t, "cp", "--force", filepath.Join(dir, "disk")+":0:/", filepath.Join(dir, "out"))
	if got.code != exitRefused {
		t.Errorf("%+v", got)
	}
	wantIn(t, got.err, "a/../: this cannot be the name of a file here")
	if left := sh(t, dir, "ls outside; ls out; cat out/zz"); strings.Contains(left, "in\n") || !strings.Contains(left, "linkdir\nlost+found\nzz\ngood") {
		t.Errorf("there is %q", left)
	}
}

// TestParseSource splits names of images with colons.
func TestParseSource(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a", "a:1:b", "x:2"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for arg, want := range map[string]source{
		"a:1:/etc":       {"a", "1", "/etc"},
		"a:1:":           {"a", "1", ""},
		"a:1:b:2:c":      {"a:1:b", "2", "c"},
		"a:1:/d:2:c":     {"a", "1", "/d:2:c"},
		"x:2:3:c":        {"x:2", "3", "c"},
		"none:1:c":       {"none", "1", "c"},
		"none:1:x:2:c":   {"none:1:x", "2", "c"},
		"dir/none:12:/c": {"dir/none", "12", "/c"},
	} {
		if got, ok := parseSource(arg); !ok || got != want {
			t.Errorf("%s: %+v, %t", arg, got, ok)
		}
	}
	for _, arg := range []string{"", "a", "a:1", "a:x:/", "a:-1:b", ":1:b"} {
		if got, ok := parseSource(arg); ok {
			t.Errorf("%q: %+v", arg, got)
		}
	}
}
