package cli

import (
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
)

// TestGPTDetails compares what the table says about itself with what foreign programs make of the same wish.
func TestGPTDetails(t *testing.T) {
	t.Parallel()
	testneed.File(t, "/dev/fuse")
	for _, name := range []string{"sgdisk", "parted", "sfdisk"} {
		testneed.Tool(t, name)
	}
	const script = "sgdisk -n1:4096:+1M -n3:9000:+1M -c3:three $IMG >/dev/null"
	// details is what the programs say of a GPT: its flags, its limits, the place of its entries.
	details := func(image string) string {
		return testneed.Shell(t, ".", "parted -s -m '"+image+"' unit s print | sed -n 2p; sgdisk -O '"+image+"'; sgdisk -p '"+image+
			"' | grep -e 'table begins' -e usable; sgdisk -v '"+image+"' | grep -i problem", "LC_ALL=C")
	}
	for _, c := range []struct{ plan, theirs string }{
		{"table flag boot on", "parted -s $IMG disk_set pmbr_boot on"},
		{"table array 2016s", "sgdisk -j 2016 $IMG >/dev/null"},
		{"table array 100s\ntable array 50s\ntable first-lba 82s", "sgdisk -j 50 $IMG >/dev/null"},
		{"table first-lba 4096s", "sfdisk --dump $IMG | sed 's/first-lba: .*/first-lba: 4096/' | sfdisk -q $IMG"},
		{"table flag boot on\nmove 3 right 1MiB\ntable flag boot off\nmove 3 left 1MiB\nname 3 \"x\"", "sgdisk -c3:x $IMG >/dev/null"},
	} {
		t.Run(strings.ReplaceAll(c.plan, "\n", ", "), func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t, 16, script)
			v := tr.apply(t, people()[0], c.plan)
			v.want(t, exitDone)
			sh(t, ".", "IMG='"+tr.image+"'; "+c.theirs)
			if got, want := strings.ReplaceAll(details(v.copy), v.copy, "IMG"), strings.ReplaceAll(details(tr.image), tr.image, "IMG"); got != want {
				t.Errorf("we have\n%s\nand they\n%s", got, want)
			}
			if got, want := sfdiskText(t, v.copy), sfdiskText(t, tr.image); got != want {
				t.Errorf("the partitions are\n%s\nand theirs\n%s", got, want)
			}
			oracle.TableClean(t, v.copy)
			// The flag and the place of the entries outlast other edits, also of the size.
			people()[0].run(t, "apply", "--yes", v.copy, write(t, "image grow 1MiB\nnew 1MiB\n")).want(t, exitDone)
			begins := func(s string) string { return testneed.Shell(t, ".", "sgdisk -p '"+s+"' | grep 'table begins'") }
			if got, want := begins(v.copy), begins(tr.image); got != want {
				t.Errorf("after another edit %s, not %s", got, want)
			}
			oracle.TableClean(t, v.copy)
		})
	}
	tr := newTrial(t, 16, script)
	for plan, want := range map[string]string{
		"table array 1s":                    "it can be sector 2 or later",
		"table array 4065s":                 "it can be sector 4,064 or earlier",
		"table first-lba 33s":               "it can be sector 34 or later",
		"table first-lba 4097s":             "it can be sector 4,096 or earlier",
		"table flag boot off":               "it is not set",
		"table new gpt first-lba=33s":       "partitions cannot begin at sector 33",
		"table new mbr\ntable flag boot on": "only a GPT has that",
	} {
		tr.apply(t, people()[0], plan).want(t, exitRefused, want)
	}
	v := tr.apply(t, people()[0], "table new gpt first-lba=5000s")
	v.want(t, exitDone)
	if got := oracle.SFDisk(t, v.copy); got.FirstLBA != 5000 || len(got.Partitions) != 0 {
		t.Errorf("%+v", got)
	}
}
