package cli

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// TestUndo applies the founding example, verified, and takes it back: the image is byte for byte what it was, and nothing
// is left beside it.
func TestUndo(t *testing.T) {
	t.Parallel()
	for _, p := range people() {
		t.Run(p.name, func(t *testing.T) {
			testneed.File(t, "/dev/fuse")
			image, plan := stick(t, p)
			sum, took := digest(t, image), allocated(t, image)
			p.run(t, "undo", "--yes", image).want(t, 1, "no transaction that can be undone")
			p.run(t, "apply", "--yes", "--verify", image, plan).want(t, 0, "for `shunt undo ", "verify")
			p.run(t, "info", image).want(t, 0, "can be undone")
			var got infoTarget
			if err := json.Unmarshal([]byte(p.run(t, "info", "--json", image).out), &got); err != nil {
				t.Fatal(err)
			}
			if got.Undo == nil || got.Undo.Room <= 0 || got.Undo.Room > mib || !strings.Contains(got.Undo.Plan, "move 2 right") {
				t.Errorf("undo: %+v", got.Undo)
			}
			p.run(t, "undo", "--yes", image).want(t, 0, "Move p2 right by", "exactly as it was")
			if digest(t, image) != sum {
				t.Error("the image is not what it was")
			}
			if now := allocated(t, image); now > took+64<<10 {
				t.Errorf("the image takes %d bytes of disk, %d before", now, took)
			}
			onlyWith(t, image, plan)
			p.run(t, "undo", "--yes", image).want(t, 1, "no transaction that can be undone")
		})
	}
}

// TestUndoInterrupted stops an undo by a limit for the size of files. Nothing but going back is possible then, and whoever
// asks for something else is told the one command that helps.
func TestUndoInterrupted(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	p := people()[0]
	image, plan := stick(t, p)
	sum := digest(t, image)
	p.run(t, "apply", "--yes", image, plan).want(t, 0)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	limited := exec.Command(testneed.Tool(t, "prlimit"), "--fsize=65536", self, "undo", "--yes", image)
	limited.Env = p.program(t).Env
	finish(t, limited).want(t, 4, "--rollback")
	for _, c := range []struct {
		code int
		args []string
	}{
		{4, []string{"recover", image}},
		{3, []string{"apply", "--yes", image, plan}},
		{3, []string{"undo", "--yes", image}},
	} {
		o := p.run(t, c.args...)
		o.want(t, c.code, "--rollback "+image+"` to go on rolling it back")
		if strings.Contains(o.out+o.err, "to finish") {
			t.Errorf("%v tells to finish what cannot be finished:\n%s%s", c.args, o.out, o.err)
		}
	}
	p.run(t, "recover", "--rollback", image).want(t, 0, "exactly as it was")
	if digest(t, image) != sum {
		t.Error("the image is not what it was")
	}
	onlyWith(t, image, plan)
}

// onlyWith checks that nothing else lies beside the image.
func onlyWith(t *testing.T, image string, others ...string) {
	t.Helper()
	left, err := os.ReadDir(filepath.Dir(image))
	if err != nil || len(left) != 1+len(others) {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestUndoRefusesChanges changes the image after an apply in ways that others would: the undo must notice, also where the
// time of modification was set back, and leave everything as it is.
func TestUndoRefusesChanges(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	testneed.Tool(t, "debugfs")
	p := people()[0]
	image, plan := stick(t, p)
	p.run(t, "apply", "--yes", image, plan).want(t, 0)
	table := oracle.SFDisk(t, image)
	p1, p2 := itoa(table.Part(t, 1).Off), itoa(table.Part(t, 2).Off)
	photo := photo(t, image, table.Part(t, 2).Off)
	for _, c := range []struct{ name, script, says string }{
		{"written to", "printf x >file; debugfs -w -R 'write file undone' 'IMG?offset=" + p1 + "' 2>&1", "in p1"},
		{"a superblock's time", "printf '\\001' | dd of=IMG bs=1 seek=$((" + p2 + "+1024+48)) conv=notrunc 2>&1", "in p2"},
		{"a block of moved data", "b=$(debugfs -R 'bmap " + photo + " 0' 'IMG?offset=" + p2 + "' 2>/dev/null | head -1); " +
			"z=$(dumpe2fs -h 'IMG?offset=" + p2 + "' 2>/dev/null | sed -n 's/^Block size: *//p'); " +
			"printf '\\377\\000\\377' | dd of=IMG bs=1 seek=$((" + p2 + "+b*z)) conv=notrunc 2>&1", "in p2"},
		{"boot code", "printf x | dd of=IMG bs=1 seek=10 conv=notrunc 2>&1", "offset 0"},
		{"only its time", "touch IMG", "its time of modification is"},
		{"its length", "truncate -s +1M IMG", "bytes long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			copied := filepath.Join(t.TempDir(), filepath.Base(image))
			sh(t, filepath.Dir(copied), "cp -a --sparse=always --reflink=auto '"+image+"' '"+image+".shunt' .; touch -r '"+image+"' keep")
			script := strings.ReplaceAll(c.script, "IMG", copied)
			if c.name != "only its time" {
				script += "; touch -r keep '" + copied + "'"
			}
			sh(t, filepath.Dir(copied), script)
			was := written(t, copied)
			p.run(t, "undo", "--yes", copied).want(t, 1, "was changed since", c.says, "unchanged")
			if written(t, copied) != was {
				t.Error("the image was written to by an undo that was refused")
			}
			p.run(t, "info", copied).want(t, 0)
		})
	}
	p.run(t, "undo", "--yes", image).want(t, 0, "exactly as it was")
}

// written is when a file was last written to.
func written(t *testing.T, path string) time.Time {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}

// photo is the path of a file in the file system at a byte offset.
func photo(t *testing.T, image string, off int64) string {
	t.Helper()
	for name := range oracle.ExtFiles(t, image, off) {
		if !strings.Contains(name, "lost+found") && fileLarge(t, image, off, name) {
			return "/" + name
		}
	}
	t.Fatal("there is no file")
	return ""
}

// fileLarge reports whether a file has a block of its own.
func fileLarge(t *testing.T, image string, off int64, name string) bool {
	t.Helper()
	return strings.TrimSpace(sh(t, ".", "debugfs -R 'bmap /"+name+" 0' '"+image+"?offset="+itoa(off)+"' 2>/dev/null | head -1")) != "0"
}

// TestUndoAndEdit: a target with an undo is edited like others. The undo outlives rehearsals, refused plans and the next
// commit, and a commit without an undo removes it.
func TestUndoAndEdit(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	p := people()[0]
	image, plan := stick(t, p)
	if err := os.WriteFile(plan, []byte("image grow 200MiB\nmove 2 right 100MiB\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	first := digest(t, image)
	p.run(t, "apply", "--yes", image, plan).want(t, 0)
	second := digest(t, image)
	more := filepath.Join(filepath.Dir(image), "more")
	if err := os.WriteFile(more, []byte("move 2 right 50MiB\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p.run(t, "apply", "--rehearse", image, more).want(t, 0, "is unchanged")
	p.run(t, "recover", image).want(t, 0, "no unfinished transaction")
	p.run(t, "recover", "--rollback", image).want(t, 0, "no unfinished transaction")
	again := filepath.Join(t.TempDir(), "stick.raw")
	sh(t, filepath.Dir(again), "cp -a --sparse=always '"+image+"' '"+image+".shunt' .")
	p.run(t, "undo", "--yes", again).want(t, 0)
	if digest(t, again) != first {
		t.Error("after a rehearsal the undo does not lead back")
	}
	p.run(t, "apply", "--yes", image, more).want(t, 0)
	p.run(t, "undo", "--yes", image).want(t, 0, "Move p2 right by 50 MiB")
	if digest(t, image) != second {
		t.Error("the undo of the second transaction does not lead back to the first")
	}
	p.run(t, "undo", "--yes", image).want(t, 0, "Move p2 right by 100 MiB")
	if digest(t, image) != first {
		t.Error("the undo of the first transaction does not lead back after that of the second")
	}
	onlyWith(t, image, plan, more)
	p.run(t, "apply", "--yes", image, plan).want(t, 0)
	p.run(t, "apply", "--yes", image, more).want(t, 0)
	if err := os.WriteFile(more, []byte("move 2 left 50MiB\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p.run(t, "apply", "--yes", "--no-undo", image, more).want(t, 0)
	onlyWith(t, image, plan, more)
	p.run(t, "undo", "--yes", image).want(t, 1, "no transaction that can be undone")
	p.run(t, "undo", image).want(t, 2, "--yes")
}
