package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model"
	"shunt/model/testneed"
	"shunt/ops/session"
)

// TestEndUse swaps to a partition of a loop device and mounts another, and ends both, by the command line and as the editor
// does. A program that uses a file keeps the mount, and is named.
func TestEndUse(t *testing.T) {
	testneed.Root(t)
	for _, tool := range []string{"sfdisk", "mkfs.ext4", "mkswap", "losetup", "swapon"} {
		testneed.Tool(t, tool)
	}
	p, dir := people()[0], t.TempDir()
	image := filepath.Join(dir, "two.raw")
	sh(t, dir, "truncate -s 64M two.raw; printf 'label: dos\n2048,20M,L\n,20M,S\n' | sfdisk -q two.raw")
	p.run(t, "apply", image, "format", "1", "fs=ext4", "--yes").want(t, 0)
	p.run(t, "apply", image, "format", "2", "fs=swap", "--yes").want(t, 0)
	p.run(t, "swapon", image, "2").want(t, exitRefused, "attach the image first")
	device := attached(t, p, image)
	swaps := func() bool {
		text, err := os.ReadFile("/proc/swaps")
		return err == nil && strings.Contains(string(text), device+"p2 ")
	}
	t.Cleanup(func() {
		if swaps() {
			sh(t, dir, "swapoff "+device+"p2")
		}
	})
	p.run(t, "swapon", image, "1").want(t, exitRefused, "p1 holds no swap space")
	p.run(t, "swapoff", image, "2").want(t, exitRefused, "p2 is not used as swap")
	p.run(t, "swapon", image, "2").want(t, 0, "swapoff "+image+" 2")
	if !swaps() {
		t.Error("the kernel does not swap to it")
	}
	p.run(t, "swapon", image, "2").want(t, exitRefused, "p2 is used as swap")
	p.run(t, "apply", device, "delete", "2", "--yes").want(t, exitRefused, "it is used as swap")
	p.run(t, "swapoff", image, "p2").want(t, 0)
	if swaps() {
		t.Error("the kernel still swaps to it")
	}

	s, err := session.Open(device, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	ids := map[int]model.PartID{}
	for _, part := range s.Disk().Partitions() {
		ids[part.Number] = part.ID
	}
	freed := func(number int) (string, error) {
		t.Helper()
		done, err := s.Free(ids[number])
		if err := s.Rescan(); err != nil {
			t.Fatal(err)
		}
		return done, err
	}
	again := func() {
		t.Helper()
		if err := s.Rescan(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SwapOn(ids[2]); err != nil {
		t.Fatal(err)
	}
	again()
	if part, _ := s.Disk().Partition(ids[2]); part.Use.Kind != model.SwapSpace {
		t.Errorf("the editor sees that p2 is %s", part.Use)
	}
	if done, err := freed(2); err != nil || done != "taken out of use as swap" || swaps() {
		t.Errorf("%q, %v", done, err)
	}
	at, err := s.Mount(ids[1], model.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	again()
	holder := exec.Command("sleep", "1000")
	holder.Dir = at
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	_, err = freed(1)
	_ = holder.Process.Kill()
	_ = holder.Wait() // it was killed
	if err == nil || !strings.Contains(err.Error(), "sleep (pid ") {
		t.Errorf("the program that uses it is not named: %v", err)
	}
	if done, err := freed(1); err != nil || done != "unmounted from "+at {
		t.Errorf("%q, %v", done, err)
	}
	if part, _ := s.Disk().Partition(ids[1]); part.Use.Busy() {
		t.Errorf("p1 is %s", part.Use)
	}
	if done, err := freed(1); err == nil {
		t.Errorf("it was %s", done)
	}
}
