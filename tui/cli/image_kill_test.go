package cli

import (
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shunt/model/testneed"
)

// TestKillLayers kills commands on snapshots and backing files, every other time just after the image was first written to.
// The image must be exactly as it was or exactly as planned, and QEMU finds nothing to mend.
func TestKillLayers(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	p := people()[0]
	overlay := `; qemu-img create -q -f qcow2 -F $f -b base over 28M; qemu-io -c 'write -P 5 3M 1M' -c 'write -P 6 20M 2M' over`
	for row, c := range []struct {
		name, script, changed string
		args                  []string
	}{
		{"create", "qemu-img convert -O qcow2 r f", "f", []string{"snapshot", "create", "f", "new"}},
		{"apply", "qemu-img convert -O qcow2 r f; qemu-img snapshot -c one f; qemu-io -c 'write 0 4M' f", "f", []string{"snapshot", "apply", "--yes", "f", "one"}},
		{"delete", "qemu-img convert -O qcow2 r f; qemu-img snapshot -c one f; qemu-io -c 'write 0 4M' f", "f", []string{"snapshot", "delete", "--yes", "f", "one"}},
		{
			"sparsify", "qemu-io -f raw -c 'write -P 7 12M 3M' -c 'write -P 7 18M 2M' r; qemu-img convert -O qcow2 r f", "f",
			[]string{"sparsify", "--yes", "f"},
		},
		{"sparsify raw", "qemu-io -f raw -c 'write -P 7 12M 3M' -c 'write -P 7 18M 2M' r; cp r f", "f", []string{"sparsify", "--yes", "f"}},
		{"flatten", "cp r base; f=raw" + overlay, "over", []string{"flatten", "--yes", "over"}},
		{"rebase", "cp r base; f=raw" + overlay, "over", []string{"rebase", "--yes", "over", "--backing", "s"}},
		{"commit raw", "cp r base; f=raw" + overlay, "base", []string{"commit", "--yes", "over"}},
		{"commit qcow2", "qemu-img convert -O qcow2 r base; f=qcow2" + overlay, "base", []string{"commit", "--yes", "over"}},
	} {
		made := layered(t, p, "truncate -s 2M s; "+c.script)
		run := func(dir string) []string {
			args := append([]string{"image"}, c.args...)
			for i, a := range args {
				if _, err := os.Stat(filepath.Join(dir, a)); err == nil {
					args[i] = filepath.Join(dir, a)
				}
			}
			return args
		}
		state := func(dir string) string {
			return sh(t, dir, "for i in f over base; do if [ -e $i ]; then case $(head -c 3 $i) in QFI) qemu-img check -q $i; qemu-img snapshot -l $i | cut -c1-20; "+
				"qemu-img info $i | grep backing | sed 's/actual.*//; s/: .*[/]/: /';; esac; qemu-img convert -O raw $i x; cksum < x; rm x; fi; done")
		}
		copied := func() string {
			dir := p.dir(t)
			sh(t, dir, "cp --sparse=always "+made+"/* .")
			return dir
		}
		before := state(made)
		planned := copied()
		began := time.Now()
		p.run(t, run(planned)...).want(t, 0)
		took := time.Since(began)
		after := state(planned)
		if before == after {
			t.Errorf("%s changes nothing", c.name)
		}
		counted := map[string]int{}
		for n := range max(1, *killsFlag/12) {
			i := n + row%2
			dir := copied()
			image := filepath.Join(dir, c.changed)
			written := modified(t, image)
			cmd := p.program(t, run(dir)...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if i%2 == 0 {
				written(cmd.Wait)
			} else {
				<-time.After(time.Duration(rng.Int63n(int64(took))))
			}
			killAll(t, dir)
			_ = cmd.Wait()
			args := []string{"recover", image}
			if i%4 == 2 && c.name != "sparsify raw" { // what lay in free blocks there does not come back
				args = append(args, "--rollback")
			}
			o := p.run(t, args...)
			o.want(t, 0)
			switch now := state(dir); now {
			case before:
				counted["before"]++
			case after:
				counted["after"]++
			default:
				t.Fatalf("%s, kill %d: it is\n%s\nand neither\n%s\nnor\n%s\n%s", c.name, i, now, before, after, o.err)
			}
			if i%4 == 2 && strings.Contains(o.err, "Rolled back") && state(dir) != before {
				t.Errorf("%s: rolled back, and not as before", c.name)
			}
		}
		t.Logf("%s: %v", c.name, counted)
	}
}

// modified returns a function that waits until a file is written to for the first time, or until ended returns.
func modified(t *testing.T, path string) func(ended func() error) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.InotifyAddWatch(fd, path, unix.IN_MODIFY); err != nil {
		t.Fatal(err)
	}
	events := os.NewFile(uintptr(fd), "inotify")
	t.Cleanup(func() { _ = events.Close() })
	return func(ended func() error) {
		go func() {
			_ = ended() // however it ended
			_ = events.Close()
		}()
		_, _ = events.Read(make([]byte, 4096)) // an error: it has ended without writing
	}
}
