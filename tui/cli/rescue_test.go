package cli

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shunt/model/oracle"
	"shunt/model/testneed"
	"shunt/ops/report"
)

// rescueDisk makes an image with a table and three ext4 with files, and returns it with what sfdisk sees.
func rescueDisk(t *testing.T, table string) (trial, oracle.Table) {
	t.Helper()
	testneed.Tool(t, "sfdisk")
	testneed.Tool(t, "sgdisk")
	rng := rand.New(rand.NewSource(testneed.Seed(t)))
	tr := newTrial(t, 120, "sfdisk -q $IMG <<'END'\n"+table+"END\n")
	was := tr.table(t, tr.image)
	for i, p := range was.Partitions {
		if p.Type != "f" {
			tr.ext4(t, rng, p.Number, p.Off/mib, min(p.Len/mib, int64(20+i)))
		}
	}
	return tr, was
}

// TestRescue takes partitions away with foreign programs, lists the files of each, and puts them back: the table is as it was,
// and so is every byte of the partitions.
func TestRescue(t *testing.T) {
	gpt := "label: gpt\nstart=2048, size=40960, name=one\nsize=43008\nstart=120000, size=45056\n"
	mbr := "label: dos\nstart=2048, size=40960\nstart=43008, size=180224, type=f\nstart=45056, size=45056\nstart=92160, size=47104\n"
	for _, tt := range []struct {
		name, table, script string
		p                   person
		same                bool // PARTUUIDs and types are as before
	}{
		{"zapped", gpt, "sgdisk --zap-all disk.raw", people()[0], false},
		{"header gone", gpt, "sgdisk --zap disk.raw", people()[0], false},
		{"chain", mbr, "sfdisk -q --delete disk.raw 2", user(), false},
		{"grown", gpt, "truncate -s 130M disk.raw; dd if=/dev/zero of=disk.raw bs=512 count=34 conv=notrunc status=none", people()[0], true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr, was := rescueDisk(t, strings.ReplaceAll(tt.table, "start=120000", "start=122880"))
			dir := tt.p.dir(t)
			image := filepath.Join(dir, "disk.raw")
			sh(t, dir, fmt.Sprintf("cp --sparse=always '%s' disk.raw; %s", tr.image, tt.script))
			tt.p.own(t, image)
			out := tt.p.run(t, "rescue", "--json", image)
			out.want(t, exitDone)
			var found []report.Lost
			if err := json.Unmarshal([]byte(out.out), &found); err != nil {
				t.Fatalf("%v: %s", err, out.out)
			}
			for _, l := range found {
				tt.p.run(t, "ls", image, l.Name).want(t, exitDone, "lost+found/")
				tt.p.run(t, "cp", image+":@"+fmt.Sprint(l.Start)+"s:/", filepath.Join(dir, l.Name)).want(t, exitDone)
				for _, p := range was.Partitions {
					if p.Off == l.Start*512 {
						if p.Len != l.Sectors*512 {
							t.Errorf("%+v was %+v", l, p)
						}
						oracle.SameFiles(t, tt.p.sums(t, filepath.Join(dir, l.Name)), tr.files[p.Number])
					}
				}
			}
			plan := filepath.Join(dir, "plan")
			tt.p.run(t, "rescue", image, "--plan", plan).want(t, exitDone, "The plan is in")
			tt.p.run(t, "apply", "--yes", image, plan).want(t, exitDone, "Done")
			now := tr.table(t, image)
			if len(now.Partitions) != len(was.Partitions) || now.Label != was.Label {
				t.Fatalf("the table is %+v, was %+v", now, was)
			}
			for i, p := range now.Partitions {
				want := was.Partitions[i]
				if p.Off != want.Off || p.Len != want.Len && want.Type != "f" || tt.same && (p.UUID != want.UUID || p.Name != want.Name) {
					t.Errorf("%+v was %+v", p, want)
				}
				if want.Type != "f" {
					sh(t, ".", fmt.Sprintf("cmp -i %d:%d -n %d '%s' '%s'", p.Off, want.Off, p.Len, image, tr.image))
				}
			}
			oracle.TableClean(t, image)
			tt.p.run(t, "undo", "--yes", image).want(t, exitDone)
		})
	}
}

// TestRescueAsks names what the command does not do.
func TestRescueAsks(t *testing.T) {
	p := user()
	image := filepath.Join(p.dir(t), "disk.raw")
	sh(t, filepath.Dir(image), "truncate -s 4M disk.raw")
	p.own(t, image)
	p.run(t, "rescue", image).want(t, exitDone, "no lost partition was found")
	p.run(t, "rescue", image, "--plan", image+".plan").want(t, exitRefused, "there is nothing to put back")
	if _, err := os.Stat(image + ".plan"); err == nil {
		t.Error("a plan was written")
	}
	p.run(t, "ls", image, "lost1").want(t, exitRefused, "there is no lost1", "shunt rescue")
	p.run(t, "ls", image, "@1MiB").want(t, exitRefused, "no file system begins at sector 2,048")
	p.run(t, "ls", image, "@9MiB").want(t, exitRefused, "the disk has 8,192 sectors")
	p.run(t, "ls", image, "@x").want(t, exitUsage, "@2048s")
	p.run(t, "rescue", image, "--table", "bsd").want(t, exitUsage, "gpt or mbr")
}

// TestRescueTypes puts partitions back whose table left no trace: sfdisk sees the types that their contents ask for.
func TestRescueTypes(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"mkfs.fat", "mmd", "cryptsetup", "sfdisk", "mkntfs"} {
		testneed.Tool(t, tool)
	}
	self := people()[0]
	for table, want := range map[string][]string{
		"gpt": {
			"C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F",
			"0FC63DAF-8483-4772-8E79-3D69D8477DE4", "0FC63DAF-8483-4772-8E79-3D69D8477DE4", "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7",
		},
		"mbr": {"ef", "e", "82", "83"}, // it has room for no more
	} {
		img := oracle.Image(t, 48, `cd "$(dirname "$IMG")"; part() { truncate -s $2M part; eval "$3" >/dev/null 2>&1; dd if=part of="$IMG" bs=1M seek=$1 conv=notrunc,sparse status=none; rm part; }
part 1 5 'mkfs.fat -F 16 -s 1 part; mmd -i part ::EFI ::EFI/BOOT'
part 6 5 'mkfs.fat -F 16 -s 1 part'
part 11 2 'mkswap part'
part 13 4 'mke2fs -q part'
part 17 18 'printf key | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 part -'
part 35 9 'mkntfs -q -Q -F part'`)
		var types []string
		self.run(t, "rescue", "--table", table, "--plan", img+".plan", img).want(t, exitDone)
		self.run(t, "apply", "--yes", img, img+".plan").want(t, exitDone)
		for _, p := range oracle.SFDisk(t, img).Partitions {
			types = append(types, p.Type)
		}
		if !slices.Equal(types, want) {
			t.Errorf("%s: the types are %q, want %q", table, types, want)
		}
	}
}
