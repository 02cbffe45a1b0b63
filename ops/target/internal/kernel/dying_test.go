package kernel

import (
	"testing"
)

func TestEndsSoon(t *testing.T) {
	const tail = " 0 0 0 0 0 0 0 0 20 0 "
	for _, c := range []struct {
		name, stat string
		want       bool
	}{
		{"running", "7 (shunt) R 1 7 7 0 -1 4194304" + tail + "9 0 100", false},
		{"killed, waits for a disk", "7 (shunt) D 1 7 7 0 -1 4194308" + tail + "3 0 100", true},
		{"its first thread is through", "7 (shunt) Z 1 7 7 0 -1 4194316" + tail + "2 0 100", true},
		{"nobody has asked how it ended", "7 (shunt) Z 1 7 7 0 -1 4194316" + tail + "1 0 100", false},
		{"a name that looks like more", "7 (a) Z 1 (b) D 1 7 7 0 -1 4194308" + tail + "3 0 100", true},
		{"cut off", "7 (shunt) D 1 7", false},
		{"no name", "7 shunt D 1 7 7 0 -1 4194308" + tail + "3 0 100", false},
		{"empty", "", false},
	} {
		if got := endsSoon(c.stat); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
