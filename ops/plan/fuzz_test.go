package plan_test

import (
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/ops/plan"
)

// Bytes become a queue or an error, and what became a queue is one that can be written.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"image grow 2GiB\nmove 2 right 1024MiB\ngrow 1\n", "resize 1 min\nnew max at 300MiB fs=ext4 label=\"x\"",
		"delete 5\ncheck 6\nmove 7 to 501MiB and resize to 10MiB", `new 1MiB name="\"\\" as=logical type=0x83`,
		"format 1 fs=ext4 label=x\nlabel 1 \"y z\"\nuuid 1 new", "format 2 cleared\ntype 1 0x07\nflag 1 hidden on\nflag 2 boot on",
		"new 10MiB\nname 1 \"EFI\"\ntype 1 esp\nflag 1 legacy_boot on\nuuid 1 half",
		"table new gpt first-lba=34s\ntable array 40s\ntable first-lba 99s\ntable flag boot on\ntable sort", "table new gpt\nnew 10MiB\nname 1 x\ntable new mbr", "table gpt\ntable hybrid 2 1 active=2 ee=last\nmove 2 right 10s\ntable hybrid none", "image grow 1MiB\ntable gpt\nmove 2 right 10s",
		"copy 1 over 2\nimage grow 1GiB\ncopy 2 at 1GiB size=500MiB", "delete 6\ncopy 1 at 203MiB as=logical from=/other", "copy 1 over 1 from=\"/other\"",
		"new 10MiB at 600MiB keep partuuid=0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0 name=x", "delete 1\nnew 10MiB at 1MiB keep type=0x07 as=primary",
		"wipe 2 random\nwipe free\nformat 2 fs=ext4",
		"resize 2 by -1s", "resize 2 by -1s entry-only\nresize 1 to 1MiB entry-only\ngrow 1", "move 1 left 9223372036854775807s", "# \"", "new 4096TiB at 4095TiB",
		`table restore "label: dos\x0a\x0ap1 : start=63, size=9, type=83, bootable\x0ap2 : start=988033, size=990335, type=83"`,
		`table restore "label: gpt\x0a\x0ap1 : start=2048, size=9, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name=\"a\\x22\""` + "\nnew 1MiB\ntable new gpt",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, d := range []model.Disk{founding(), chained(), gpt(1000 * mib)} {
			q, err := plan.Parse(strings.NewReader(text), ops.NewQueue(d, env()), geometry.AlignMiB)
			if err != nil {
				continue
			}
			for _, p := range model.Check(q.Preview()) {
				t.Errorf("problem: %s", p.Text)
			}
			text := plan.Format(q)
			for _, align := range []geometry.Alignment{geometry.AlignMiB, geometry.AlignCylinder, geometry.AlignNone} {
				again, err := plan.Parse(strings.NewReader(text), ops.NewQueue(q.Initial(), q.Env()), align)
				if err != nil || plan.Format(again) != text || !again.Preview().Equal(q.Preview()) {
					t.Fatalf("plan\n%sread back on %s as\n%s%v", text, align, plan.Format(again), err)
				}
			}
		}
	})
}
