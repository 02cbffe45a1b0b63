package raw

import (
	"strings"
	"testing"

	"shunt/ops/target"
)

func TestRoom(t *testing.T) {
	list := hosts()
	if !testing.Short() {
		list["old xfs"] = func(t *testing.T) string { t.Helper(); return mounted(t, 320<<20, "mkfs.xfs", "-q", "-m", "reflink=0") }
	}
	for name, want := range map[string]bool{"ext4": false, "xfs": true, "btrfs": true, "old xfs": false} {
		make, ok := list[name]
		if !ok {
			continue // a short run
		}
		t.Run(name, func(t *testing.T) {
			dir := make(t)
			r := open(t, image(t, dir, 1<<20), target.Options{Mode: target.Inspect})
			avail := strings.Fields(run(t, "df", "--output=avail", "-B1", dir))[1]
			free, shares, err := r.Room()
			require(t, err)
			if itoa(free) != avail || shares != want {
				t.Errorf("%d bytes are free and copies share blocks: %v; df says %s", free, shares, avail)
			}
			require(t, r.Close())
			if _, _, err := r.Room(); err == nil || !strings.Contains(err.Error(), r.Given) {
				t.Errorf("of a closed image: %v", err)
			}
		})
	}
}
