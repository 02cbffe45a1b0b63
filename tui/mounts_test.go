package tui_test

import (
	"errors"
	"slices"
	"testing"

	"shunt/tui"
)

// A mounted partition is in use; unmounting it ends that. Both need no queue.
func TestMountAndUnmount(t *testing.T) {
	target := device()
	d := open(t, target)
	d.Press("j", "x", "k", "M", "enter")
	d.Contains("Mounted read-only; M unmounts it", "p1 is mounted read-only at /run/shunt/p1", "p1 ●", "1 pending")
	if target.Rescans != 1 {
		t.Errorf("%d rescans", target.Rescans)
	}
	d.Press("m")
	d.Contains("mounted read-only at /run/shunt/p1")
	d.Press("esc", "M")
	d.Contains("p1 is mounted at /run/shunt/p1.", "▸ Unmount p1", "Detach from the image")
	d.Press("end")
	d.Contains("p1 is mounted read-only at /run/shunt/p1")
	d.Press("esc", "M", "enter")
	d.Contains("Unmounted from /run/shunt/p1", "1 pending")
	d.Lacks("p1 ●")
	d.Press("M", "down", "enter")
	d.Contains("Mount p1 to read and write?")
	d.Press("y")
	d.Contains("Mounted for reading and writing; M unmounts it")
	d.Do(func() {
		target.MountErr = errors.New("p1 stays mounted at /run/shunt/p1: it is in use by bash (pid 17); end that first")
	})
	d.Press("M", "enter")
	d.Contains("Not possible", "bash (pid 17)")
}

// What would change under a pending operation is not offered.
func TestMountBesideTheQueue(t *testing.T) {
	d := open(t, device())
	d.Press("x", "M", "home")
	d.Contains("1 pending operation on it: apply or take back first")
	d.Press("esc", "u", "M")
	d.Contains("▸ Mount p1 read-only", "Nothing is written to it")
	d = open(t, Founding())
	d.Press("M", "down")
	d.Contains("the image is open in the editor: attach it")
	target := device()
	target.What.Mountable, target.What.Attachable = "it takes fusermount3: apt install fuse3", "it takes root: start shunt with sudo"
	d = open(t, target)
	d.Press("M")
	d.Contains("it takes fusermount3")
	d.Press("enter", "end")
	d.Contains("it takes root")
	d.Press("enter", "esc")
	d.Lacks("p1 ●")
	target = Founding()
	target.What.Attachable = "it takes root: start shunt with sudo"
	d = open(t, target)
	d.Press("M", "down")
	d.Contains("leave the editor, and use `shunt mount --rw`")
}

// The queue goes along from the image to its loop device and back.
func TestAttachAndDetach(t *testing.T) {
	image, loop := Founding(), device()
	b := &Backend{
		Targets: map[string]*Target{stick: image, loop.What.Path: loop},
		Devices: map[string]string{stick: loop.What.Path},
	}
	d := Start(t, 80, 24, tui.Options{Paths: []string{stick}}, b)
	d.Press("x", "j", "M", "end")
	d.Contains("▸ Attach as a loop device", "The pending operation is kept.")
	d.Press("enter")
	d.Contains("Attach stick.raw as a loop device?")
	d.Press("y")
	d.Contains("stick.raw is attached as /dev/loop7; M detaches it", "shunt  loop7", "1 pending", "▸ p2")
	if !slices.Equal(b.Opened, []string{stick, "/dev/loop7"}) || !slices.Equal(b.Closed, []string{stick}) {
		t.Errorf("opened %v, closed %v", b.Opened, b.Closed)
	}
	d.Press("M", "end", "enter")
	d.Contains("loop7 is detached; this is the image "+stick, "shunt  stick.raw", "1 pending")

	// What cannot be attached is opened again as it was.
	d.Do(func() { b.Devices = nil })
	d.Press("M", "end", "enter", "y")
	d.Contains("there is no free loop device", "shunt  stick.raw", "1 pending")
	d.Press("X", "y", "z")
	d.Type("+1GiB")
	d.Press("enter", "M", "end")
	d.Contains("a new image size is pending, and a device cannot change its size")

	// What cannot be opened any more says why; nothing is kept of it.
	d.Press("esc", "u")
	d.Do(func() { b.Refuse = map[string]error{stick: errInUse} })
	d.Press("M", "end", "enter", "y")
	d.Contains("running virtual machine")
}
