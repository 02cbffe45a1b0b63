package ops_test

import (
	"strings"
	"testing"

	"shunt/ops"
)

// TestAdviceForWrapped fills in advice on an image whose bytes are not those of the disk: no program is sent to the image.
func TestAdviceForWrapped(t *testing.T) {
	const advice = "erase it with `wipefs {target}`; then {recover}"
	if got := (ops.Call{Path: "a b"}).Fill(advice); got != "erase it with `wipefs 'a b'`; then shunt recover 'a b'" {
		t.Error(got)
	}
	got := ops.Call{Path: "a b", Wrapped: "vdi", Flags: []string{"--format=vdi"}}.Fill(advice)
	if !strings.Contains(got, "`wipefs copy.raw`") || !strings.Contains(got, "`shunt image convert 'a b' copy.raw`") {
		t.Error(got)
	}
	if got := (ops.Call{Path: "a", Wrapped: "vdi"}).Fill("make it longer"); got != "make it longer" {
		t.Error(got)
	}
}
