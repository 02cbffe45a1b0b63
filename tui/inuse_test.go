package tui_test

import (
	"errors"
	"slices"
	"testing"

	"shunt/model"
	"shunt/ops"
)

// An edit that only the use of a partition forbids offers to end that. It asks first, and then the edit is possible.
func TestEndUseInTheWay(t *testing.T) {
	target := device()
	target.use(1, model.Use{Kind: model.Mounted, Place: "/srv", ReadOnly: true})
	d := open(t, target)
	d.Press("d")
	d.Contains("p1 in use", "Cannot delete p1 now. p1 is mounted read-only at /srv.", "unmounting fails", "Unmount")
	d.Press("enter") // the safe answer
	d.Contains("p1 ●", "Nothing yet")
	d.Press("f", "y")
	d.Contains("p1 was unmounted from /srv and can be edited now", "Format p1") // and it goes on
	quietly(d)
	d.Press("esc")
	d.Lacks("p1 ●")
	d.Press("d")
	d.Contains("1 pending")
	d.Press("u")
	d.Do(func() { target.use(1, model.Use{Kind: model.SwapSpace}) })
	d.Press("f5", "m")
	d.Contains("p1 in use", "p1 is used as swap", "Stop swapping")
	d.Do(func() {
		target.MountErr = errors.New("p1 is still used as swap: there is not enough memory for what it holds")
	})
	d.Press("y")
	d.Contains("there is not enough memory")
	d.Do(func() { target.use(1, model.Use{Kind: model.Held, Place: "device mapper vg-root"}) })
	d.Press("esc", "f5", "d")
	d.Contains("used by device mapper vg-root")
	d.Lacks("Leave it")
}

// What is mounted can be enlarged and not shrunk: Enter on a smaller size offers to unmount it and then asks again. The key bar
// offers what leads to such a question, and goes on with it, on this partition alone.
func TestGoOnAfterUnmount(t *testing.T) {
	mounted := func() (*Target, *Driver) {
		target := device()
		p, _ := target.Layout.Partition(1)
		p.FS.Dirty = "its journal needs recovery" // as long as it is mounted
		target.Layout = target.Layout.With(p)
		target.use(1, model.Use{Kind: model.Mounted, Place: "/srv"})
		return target, open(t, target)
	}
	target, d := mounted()
	d.Press("m", "ctrl+u")
	d.Type("400MiB")
	d.Contains("Cannot shrink p1")
	d.Press("enter")
	d.Contains("p1 in use", "Cannot shrink p1", "y Unmount")
	p, _ := target.Layout.Partition(1)
	p.FS.Dirty = ""
	target.Layout = target.Layout.With(p)
	d.Press("y")
	d.Contains("p1 was unmounted from /srv", "Resize/Move")
	quietly(d)
	d.Press("tab", "ctrl+u")
	d.Type("400MiB")
	d.Press("enter")
	d.Contains("1 pending")

	_, d = mounted()
	for _, key := range []string{"m", "d", "f"} {
		if !slices.Contains(offered(d), key) {
			t.Errorf("%s is not offered: %q", key, offered(d))
		}
	}
	d.Press("d", "y")
	d.Contains("1 pending", "Delete p1")

	target, d = mounted()
	target.MountErr = errors.New("a program uses it")
	d.Press("f", "y")
	d.Lacks("Format p1", "pending")
}

// The palette says beforehand what would be refused, and not where a question helps.
func TestForeseen(t *testing.T) {
	target := device()
	target.use(1, model.Use{Kind: model.Mounted, Place: "/srv"})
	target.use(2, model.Use{Kind: model.Held, Place: "device mapper vg-root"})
	d := open(t, target)
	says := func(command, want string) {
		t.Helper()
		d.Press(":")
		d.Type(command)
		if want == "" {
			d.Lacks("Not possible now")
		} else {
			d.Contains("Not possible now. " + ops.Capital(want))
		}
		d.Press("esc")
	}
	says("delete", "")
	says("format", "")
	says("partition name", "partitions have names on GPT only")
	says("clear all", "Nothing is pending")
	says("rehearse", "")
	d.Press("down")
	says("delete", "it is used by device mapper vg-root")
	says("label", "it is used by device mapper vg-root")
}

// The menu of a swap space swaps to it and stops that.
func TestSwapByMenu(t *testing.T) {
	target := device()
	p, _ := target.Layout.Partition(2)
	p.FS.Kind = model.Swap
	target.Layout = target.Layout.With(p)
	d := open(t, target)
	d.Press("j", "M")
	d.Contains("Swap to p2", "p2 is not in use.")
	d.Press("enter")
	d.Contains("Swap to p2?")
	d.Press("y")
	d.Contains("The system swaps to p2; M stops that", "p2 ●")
	d.Press("M", "enter")
	d.Contains("p2 was taken out of use as swap")
	d.Lacks("p2 ●")
}

// f5 reads the target again: changes of other programs are seen, and pending operations stay if they are possible.
func TestReadAgain(t *testing.T) {
	target := Founding()
	d := open(t, target)
	d.Press("x", "f5")
	d.Contains("Read again: nothing has changed", "1 pending")
	d.Do(func() {
		p, _ := target.Layout.Partition(2)
		p.FS.Label = "renamed"
		target.Layout = target.Layout.With(p)
	})
	d.Press("f5")
	d.Contains("Read again: stick.raw has changed", "renamed", "1 pending")
	d.Do(func() { target.Layout, _ = ops.Delete{ID: 1}.Apply(target.Layout, target.World) })
	d.Press("f5")
	d.Contains("has changed; 1 pending operation was dropped")
	d.Lacks(" 1 pending\n")
	d.Do(func() { target.RescanErr = errors.New("the disk is gone") })
	d.Press("end", "x", "f5")
	d.Contains("The disk is gone", "Nothing was written to it: it was only to be read", "keeps 1 pending operation")
	d.Lacks("last run")
	target.RescanErr = nil
	reopen(d, target)
	d.Contains("1 pending")
}

// What was done to a target that could not be read after it still counts, and so does what failed.
func TestLostAfterUnmount(t *testing.T) {
	for _, err := range []error{nil, errors.New("p1 stays mounted: a program uses it")} {
		target := device()
		target.use(1, model.Use{Kind: model.Mounted, Place: "/srv"})
		d := open(t, target)
		d.Press("d")
		target.MountErr, target.RescanErr = err, errors.New("the disk is gone")
		d.Press("y")
		d.Contains("could not be read again")
		d.Lacks("last run")
		if want := "p1 was unmounted from /srv"; err == nil {
			d.Contains(want)
		} else {
			d.Lacks(want)
			d.Contains("p1 stays mounted: a program uses it.")
		}
	}
}

// reopen opens a target again that was lost.
func reopen(d *Driver, target *Target) {
	d.Press("o")
	d.Type(target.What.Path)
	d.Press("enter")
	quietly(d)
}
