package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
)

// TestKillRenewed does what TestKill does where a new image takes the name: at every moment the name leads to the old image or to
// the new one, whole, and `shunt recover` leaves nothing beside it. It kills runs on one format, and with -matrix on each.
func TestKillRenewed(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "qemu-storage-daemon")
	testneed.Tool(t, "qemu-img")
	for i, kind := range renewedKinds {
		if i > 0 && !*wholeMatrix || kind.options == "force_size=off" || kind.options == "subformat=fixed" { // their disk is longer than the plan says
			continue
		}
		t.Run(kind.format, func(t *testing.T) {
			raw := func(t *testing.T, image string) string {
				t.Helper()
				out := filepath.Join(t.TempDir(), "disk")
				sh(t, ".", fmt.Sprintf("qemu-img check -q -f %[1]s '%[2]s' || [ $? = 63 ]; qemu-img convert -f %[1]s -O raw '%[2]s' '%[3]s'", kind.format, image, out))
				return out
			}
			k := planKilled(t)
			k.late, k.daemon = true, true
			times := (*killsFlag + 3) / 4
			if *wholeMatrix {
				times = *killsFlag
			}
			kill(t, k, times, raw, func(t *testing.T, image string) string {
				t.Helper()
				sh(t, filepath.Dir(image), fmt.Sprintf("qemu-img convert -f raw -O %s -o %s '%s' made && mv made '%s'", kind.format, kind.options, image, image))
				return kind.format
			})
		})
	}
}

// TestKilledAtCall kills the worker as it enters the calls around the one that gives a new image the name, and that gives it back,
// by strace: the next command finds the old image or the new one, and nothing else is left.
func TestKilledAtCall(t *testing.T) {
	t.Parallel()
	testneed.Tool(t, "strace")
	raw := smallRaw(t)
	const before, after = 8 * mib, 12 * mib
	for _, c := range []struct {
		name, call, file string
		undo             bool
		size             int64
	}{
		{"at the exchange", "renameat2", "image", false, before},
		{"before the seal", "unlinkat", "seal.new", false, after},
		{"at the exchange back", "renameat2", "image", true, after},
		{"after it", "unlinkat", "seal", true, before},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRenewable(t, people()[0], raw)
			args := []string{"apply", "--yes", r.image, write(t, "image grow 4MiB\n")}
			if c.undo {
				r.grow().want(t, exitDone)
				args = []string{"undo", "--yes", r.image}
			}
			o := finish(t, traced(t, []string{"-P", c.file, "-e", "trace=" + c.call, "-e", "inject=" + c.call + ":signal=KILL:when=1"}, args...))
			if !strings.Contains(o.err, "killed") {
				t.Fatalf("it was not killed: %s", o.err)
			}
			workersGone(t, r.image)
			r.p.run(t, "recover", r.image).want(t, 0)
			r.is(c.size)
			if c.size == after {
				r.p.run(t, "undo", "--yes", r.image).want(t, exitDone)
				r.is(before)
			}
			r.beside(oddName)
		})
	}
}
