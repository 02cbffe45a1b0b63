package tui_test

import (
	"strings"
	"testing"

	"shunt/tui"
)

// A wish becomes pending operations with one key more than it takes to type it, and the cursor stays where it was.
func TestMakeRoom(t *testing.T) {
	d := open(t, Founding())
	d.Press("g")
	d.Contains("Make room for p1", "[max", "the image can grow to make that room")
	d.Type("+1GiB")
	d.Lacks("the image can grow")
	d.Contains("1 Grow image by 1025 MiB", "Move p2 right by 1025 MiB", "copies about 25.6 MiB")
	d.Press("enter")
	d.Lacks("Make room")
	d.Contains("3 operations are pending", "1 Grow image by 1025 MiB", "2 Move p2 right by 1025 MiB", "3 Grow p1 by 1025 MiB", "▸ p1")
	d.Press("u", "u", "u")
	d.Contains("Nothing yet.")
}

func TestMakeRoomRefused(t *testing.T) {
	d := open(t, Varied())
	d.Press("home", "j", "g")
	d.Contains("Cannot make room for p2: FAT32 cannot be resized here")
	d.Press("d", "end", "down", "g")
	d.Contains("This is a pending operation")
}

// With free space selected it is the image that is meant.
func TestSmallImage(t *testing.T) {
	d := open(t, Varied())
	d.Press("end", "g")
	d.Contains("Make the image smaller")
	d.Press("end", "down", "down", "down", "down", "down", "down", "enter")
	d.Contains("Shrink image by")
}

// A full image has no free space to select: the size of the image leads there too.
func TestSmallImageFromItsSize(t *testing.T) {
	d := open(t, Founding())
	d.Press("z")
	d.Contains("ctrl+g fit contents")
	d.Press("ctrl+g")
	d.Contains("Make the image smaller")
	d.Lacks("Image size")
	d.Press("enter")
	d.Contains("Shrink image by")
}

// On a crowded disk the plans come after the frame, and keys that are typed ahead wait for them: they do what they do when
// they are typed one by one.
func TestMakeRoomTypedAhead(t *testing.T) {
	keys := append([]string{"home", "g"}, strings.Split("+1GiB", "")...)
	keys = append(keys, "down", "enter")
	slow := open(t, Many(128))
	slow.Press(keys...)
	slow.Lacks("Make room for")
	slow.Contains("pending")
	fast := open(t, Many(128))
	fast.Burst(keys...)
	if got, want := fast.Frame(), slow.Frame(); got != want {
		t.Errorf("typed ahead it gives\n%s\nnot\n%s", got, want)
	}
}

// TestChosenPlanIsWhole: in a narrow window the first operation of the chosen plan is not cut to make room for its cost.
func TestChosenPlanIsWhole(t *testing.T) {
	target := Varied()
	d := Start(t, 60, 20, tui.Options{Paths: []string{target.What.Path}}, One(target))
	d.Press("j", "j", "g")
	d.Contains("Move p7, p6 and p5 right by 2045 MiB", "Move p4 right by 2557 MiB", "Copies 7.00 GiB")
	d.Press("down")
	d.Contains("1 Move p7, p6 and p5 right by 2045 MiB and 1 more", "Copies 7.00 GiB")
}
