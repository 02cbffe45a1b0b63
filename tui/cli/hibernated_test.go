package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// TestHibernatedSwap edits swap space with hibernated systems of all kinds that blkid knows. Nothing may change until the plan
// says that the system is discarded.
func TestHibernatedSwap(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sfdisk", "mkswap", "blkid"} {
		testneed.Tool(t, name)
	}
	const uuid = "0c4d3d3b-5f4e-4d5c-9c55-8a2b66a6e0ac"
	for name, mark := range map[string]string{
		"kernel": "4086 S1SUSPEND\\\\0", "old kernel": "4086 S2SUSPEND\\\\0", "uswsusp": "4086 ULSUSPEND\\\\0",
		"compressed": "4086 LINHIB0001", "TuxOnIce": "0 \\\\355\\\\303\\\\002\\\\351\\\\230V\\\\345\\\\014",
	} {
		at, text, _ := strings.Cut(mark, " ")
		tr := newTrial(t, 64, fmt.Sprintf(`printf 'label: gpt\nstart=2048,size=65536,type=swap\n' | sfdisk -q $IMG
truncate -s 32M swap; mkswap -q -L rest -U %s swap; printf %s | dd of=swap bs=1 seek=%s conv=notrunc status=none
dd if=swap of=$IMG bs=1M seek=1 conv=notrunc,sparse status=none`, uuid, text, at))
		part := func(image string) string {
			path := filepath.Join(t.TempDir(), "part")
			p := tr.table(t, image).Part(t, 1)
			cutOut(t, image, path, p.Off, p.Len)
			return path
		}
		if kind := oracle.Blkid(t, part(tr.image), "TYPE"); kind != "swsuspend" {
			t.Fatalf("%s: blkid calls it %s", name, kind)
		}
		self := people()[0]
		tr.apply(t, self, "format 1 fs=swap").want(t, exitRefused, "discard 1")
		v := tr.apply(t, self, "discard 1\nmove 1 right 3MiB and resize to 40MiB")
		v.want(t, exitDone, "Done")
		got := part(v.copy)
		for tag, want := range map[string]string{"TYPE": "swap", "UUID": uuid, "LABEL": "rest"} {
			if is := oracle.Blkid(t, got, tag); is != want {
				t.Errorf("%s: its %s is %s", name, tag, is)
			}
		}
	}
}
