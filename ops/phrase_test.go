package ops_test

import (
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
)

func TestTenses(t *testing.T) {
	d := gpt(4096*mib, full(1, mib, 1001*mib, 0), full(2, 1001*mib, 2001*mib, 0))
	for _, c := range []struct {
		op               ops.Operation
		do, doing, after string
	}{
		{
			ops.MoveResize{ID: 2, Shift: 1024 * mib, Len: 1001 * mib},
			"Move p2 right by 1024 MiB and grow it by 1 MiB to 1001 MiB",
			"moving p2 right by 1024 MiB and growing it by 1 MiB to 1001 MiB", "moved p2 right by 1024 MiB and grew it by 1 MiB to 1001 MiB",
		},
		{ops.Check{ID: 1}, "Check and repair ext4 in p1", "checking and repairing ext4 in p1", "checked and repaired ext4 in p1"},
		{
			ops.SetLabel{ID: 1, Label: "copy, move and format"},
			`Label ext4 in p1 "copy, move and format"`,
			`labelling ext4 in p1 "copy, move and format"`, `labelled ext4 in p1 "copy, move and format"`,
		},
		{ops.ImageSize{Sectors: 8192 * mib}, "Grow image by 4.00 GiB", "growing image by 4.00 GiB", "grew image by 4.00 GiB"},
	} {
		words := c.op.Describe(d)
		if got := words.String(); got != c.do {
			t.Errorf("%q, want %q", got, c.do)
		}
		if got := words.Doing(); got != c.doing {
			t.Errorf("%q, want %q", got, c.doing)
		}
		if got := words.Did(); got != c.after {
			t.Errorf("%q, want %q", got, c.after)
		}
	}
}

func TestEveryStepHasWords(t *testing.T) {
	for kind := ops.StepResizeImage; kind <= ops.StepGrowMounted; kind++ {
		words := ops.Step{Kind: kind, Ref: "p1", FS: model.FSKind("ext4")}.Words(geometry.Sector512)
		if words.Do() == words.Doing() || words.Doing() == words.Did() || words.Did() == "" {
			t.Errorf("step %d: %q, %q, %q", kind, words.Do(), words.Doing(), words.Did())
		}
	}
}

// Only ordinary words get a capital letter. Names of partitions, files and programs stay as they are.
func TestCapital(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "",
		"the image is empty":              "The image is empty",
		"cannot open x":                   "Cannot open x",
		"nothing":                         "Nothing",
		"there: it is":                    "There: it is",
		"p2 starts right behind it":       "p2 starts right behind it",
		"cloud.img is in the format VMDK": "cloud.img is in the format VMDK",
		"/images/a is empty":              "/images/a is empty",
		"./a is empty":                    "./a is empty",
		"über is empty":                   "über is empty",
		"日本 is empty":                     "日本 is empty",
		"a_b is empty":                    "a_b is empty",
		"mkfs.ext4 failed":                "mkfs.ext4 failed",
		"e2fsck failed":                   "e2fsck failed",
		"GPT":                             "GPT",
		"disk is empty":                   "disk is empty",
		"disk: permission denied":         "disk: permission denied",
		"my disk is empty":                "my disk is empty",
		"diskette":                        "Diskette",
	} {
		if got := ops.Capital(text, "disk", "", "my disk"); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
