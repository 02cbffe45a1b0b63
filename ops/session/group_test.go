package session

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"shunt/geometry"
	"shunt/model/testneed"
	"shunt/ops"
	"shunt/ops/plan"
	"shunt/ops/report"
)

// pair opens two images in one group: the first has an ext4 partition, the second an empty table.
func pair(t *testing.T) (lender, borrower *Session) {
	t.Helper()
	testneed.Tool(t, "sfdisk")
	testneed.Tool(t, "mkfs.ext4")
	dir := t.TempDir()
	sh(t, dir, `truncate -s 64M a.raw b.raw; printf 'label: gpt\nstart=2048,size=20M\n' | sfdisk -q a.raw; echo 'label: gpt' | sfdisk -q b.raw
mkfs.ext4 -q -F -L lent -E offset=1048576,nodiscard a.raw 20M`)
	opts := Options{Group: &Group{}}
	var open [2]*Session
	for i, name := range []string{"a.raw", "b.raw"} {
		s, err := Open(filepath.Join(dir, name), opts)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		open[i] = s
	}
	return open[0], open[1]
}

func planned(t *testing.T, s *Session, text string) ops.Queue {
	t.Helper()
	q, err := plan.Parse(strings.NewReader(text), ops.NewQueue(s.Disk(), s.Env()), geometry.AlignMiB)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func wantErr(t *testing.T, err error, words string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("%v, want %q", err, words)
	}
}

// TestLendChanged stages a copy and has somebody change what was copied.
func TestLendChanged(t *testing.T) {
	lender, borrower := pair(t)
	q := planned(t, borrower, "copy 1 at 1MiB from="+lender.Facts().Path)
	if p, _ := q.Preview().ByNumber(1); p.FS.Label != "lent" {
		t.Fatalf("the preview has %+v", p)
	}
	f, err := os.OpenFile(lender.Facts().Path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("other"), 1<<20+1024+0x78); err != nil { // the label
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = borrower.Start(q, 0)
	wantErr(t, err, "p1 of "+lender.Facts().Path+" has changed since it was copied")
}

// TestLendInTurn keeps the runs of two targets apart as long as one of them is read for the other.
func TestLendInTurn(t *testing.T) {
	testneed.File(t, "/dev/fuse")
	lender, borrower := pair(t)
	q := planned(t, borrower, "copy 1 at 1MiB from="+lender.Facts().Path)

	changing, err := lender.Start(planned(t, lender, "name 1 x"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := changing.Report(); !ok {
		t.Fatal(changing.Result())
	}
	_, err = borrower.Start(q, 0)
	wantErr(t, err, "is being changed")
	changing.Cancel()
	if r := changing.Result(); r.Outcome != report.Unchanged {
		t.Fatal(r)
	}

	// As long as the borrower's rehearsal reads it, the lender cannot begin.
	group := borrower.opts.Group
	copying, err := borrower.Start(q, 0)
	if err != nil {
		t.Fatal(err)
	}
	<-copying.decided
	// What was read is given back: a device that is lent could not be mounted while the worker commits.
	if others := openElsewhere(t, lender.Facts().Path); len(others) > 0 {
		t.Errorf("the lender's target is still open in %v", others)
	}
	group.mu.Lock()
	group.lent[lender.Facts().Path]++ // stands for a rehearsal that takes longer
	group.mu.Unlock()
	_, err = lender.Start(planned(t, lender, "name 1 x"), 0)
	wantErr(t, err, "copying from "+lender.Facts().Path)
	group.mu.Lock()
	group.lent[lender.Facts().Path]--
	group.mu.Unlock()
	copying.Commit()
	if r := copying.Result(); r.Outcome != report.Done {
		t.Fatal(r)
	}
	again, err := lender.Start(planned(t, lender, "name 1 x"), 0)
	if err != nil {
		t.Fatal(err)
	}
	again.Cancel()
	again.Result()
}

// openElsewhere lists the other processes that have a file open.
func openElsewhere(t *testing.T, path string) []string {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, link := range links {
		proc := strings.Split(link, "/")[2]
		if to, err := os.Readlink(link); err == nil && to == path && proc != strconv.Itoa(os.Getpid()) {
			list = append(list, proc)
		}
	}
	return list
}
