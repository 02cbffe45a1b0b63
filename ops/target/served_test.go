package target

import "testing"

// TestServed takes apart what stands in the lists of mounts, whatever the image is called.
func TestServed(t *testing.T) {
	for _, s := range []Served{{Image: "/a.raw", Number: 1}, {Image: "/a b,c:7#\n", Number: 0}, {Image: "/:", Number: 128}, {Image: "/@1s", Number: -1}, {Image: "/a", Number: -2049}} {
		if got, ok := ParseServed(s.Source()); !ok || got != s {
			t.Errorf("%q is %+v, %v", s.Source(), got, ok)
		}
	}
	for _, text := range []string{"", "shunt", "a.raw:1", "/a.raw", "/a.raw:", "/a.raw:-1", "/a.raw:x", "/a.raw:@", "/a.raw:@1", "/a.raw:@-1s"} {
		if got, ok := ParseServed(text); ok {
			t.Errorf("%q is %+v", text, got)
		}
	}
	if got := Unescape(`/a\040b\043\134\011\012`); got != "/a b#\\\t\n" {
		t.Errorf("%q", got)
	}
}
