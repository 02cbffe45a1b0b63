package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"testing"
)

// TestSeals reads seals as this version writes them and as version 1 did, byte by byte.
func TestSeals(t *testing.T) {
	probes := []Probe{{Off: 512, Len: 1024, Sum: 0xdeadbeef}}
	for stored, want := range map[string]Seal{
		"805345414c000002" + "0000000000000005" + "0000000000000006" + "0000000000000001" + "0000000000000007" +
			"0000000000000001" + "0000000000000200" + "0000000000000400" + "deadbeef": {Modified: 5, Changed: 6, Born: 1, Inode: 7, Probes: probes},
		"0000000000000005" + "0000000000000001" + "0000000000000200" + "0000000000000400" + "deadbeef": {Modified: 5, Probes: probes},
		"0000000000000000" + "0000000000000000":                                                        {},
	} {
		body, err := hex.DecodeString(stored)
		if err != nil {
			t.Fatal(err)
		}
		store := dirAt(t, t.TempDir())
		f, err := store.Create(SealName)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(body, 0); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := ReadSeal(store, SealMark{Len: uint64(len(body)), Sum: sha256.Sum256(body)})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", stored, got, err)
		}
		if want.Changed != 0 && hex.EncodeToString(want.encode()) != stored {
			t.Errorf("written as %x", want.encode())
		}
	}
}
