package ops

import (
	"testing"

	"shunt/geometry"
)

func TestTense(t *testing.T) {
	for _, c := range []struct{ text, acting, did string }{
		{"move p2 from sector 1 to 2", "moving p2 from sector 1 to 2", "moved p2 from sector 1 to 2"},
		{
			"Move p2 right by 1024 MiB and grow it by 1 MiB to 2 MiB",
			"Moving p2 right by 1024 MiB and growing it by 1 MiB to 2 MiB",
			"Moved p2 right by 1024 MiB and grew it by 1 MiB to 2 MiB",
		},
		{
			"Check and repair ext4 in p1, grow it by 1 MiB to fill p1",
			"Checking and repairing ext4 in p1, growing it by 1 MiB to fill p1",
			"Checked and repaired ext4 in p1, grew it by 1 MiB to fill p1",
		},
		{`Label ext4 in p1 "copy, move and format"`, `Labelling ext4 in p1 "copy, move and format"`, `Labelled ext4 in p1 "copy, move and format"`},
		{"Delete p5 (ext4, 99.0 MiB); p6 becomes p5", "Deleting p5 (ext4, 99.0 MiB); p6 becomes p5", "Deleted p5 (ext4, 99.0 MiB); p6 becomes p5"},
		{"what is this and move", "what is this and move", "what is this and move"},
		{"", "", ""},
	} {
		if got := Acting(c.text); got != c.acting {
			t.Errorf("acting %q: %q", c.text, got)
		}
		if got := Did(c.text); got != c.did {
			t.Errorf("did %q: %q", c.text, got)
		}
	}
}

// TestEveryStepHasItsTenses makes sure that no step is told as to come when it is over.
func TestEveryStepHasItsTenses(t *testing.T) {
	for kind := StepResizeImage; kind <= StepGrowMounted; kind++ {
		text := Step{Kind: kind, Ref: "p1", FS: "ext4"}.Text(geometry.Sector512)
		if Acting(text) == text {
			t.Errorf("no verb is known in %q", text)
		}
	}
}
