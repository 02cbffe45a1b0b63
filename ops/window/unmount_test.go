package window

import "testing"

func TestWindowsMounted(t *testing.T) {
	const list = `22 28 0:20 / /proc rw,nosuid shared:5 - proc proc rw
90 28 0:50 / /images/my\040disk\134.raw.shunt/windows rw,nosuid,nodev shared:6 - fuse.shunt shunt rw,user_id=1000
91 28 0:51 / /images/other.raw.shunt/windows rw - fuse.sshfs shunt rw
`
	for _, c := range []struct {
		dir  string
		want bool
	}{
		{`/images/my disk\.raw.shunt/windows`, true},
		{`/images/my disk\.raw.shunt`, false},
		{"/images/other.raw.shunt/windows", false}, // not ours
		{"/proc", false},
		{"", false},
	} {
		if got := windowsMounted(list, c.dir); got != c.want {
			t.Errorf("%q: %v", c.dir, got)
		}
	}
}
