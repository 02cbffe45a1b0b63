package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"
)

// TestSeals reads seals as this version writes them and as versions 1 and 2 did, byte by byte.
func TestSeals(t *testing.T) {
	probes := []Probe{{Off: 512, Len: 1024, Sum: 0xdeadbeef}}
	for stored, want := range map[string]Seal{
		"805345414c000003" + "0000000000000005" + "0000000000000006" + "0000000000000001" + "0000000000000007" + "0000000000001000" +
			"0000000000000001" + "0000000000000200" + "0000000000000400" + "deadbeef": {Modified: 5, Changed: 6, Born: 1, Inode: 7, Size: 4096, Probes: probes},
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
		if want.Size != 0 && hex.EncodeToString(want.encode()) != stored {
			t.Errorf("written as %x", want.encode())
		}
	}
}

// TestReseal gives a kept transaction another seal, again and again: there is one seal afterwards, and it is the last one.
func TestReseal(t *testing.T) {
	store := Sides(dirAt(t, t.TempDir()))[3]
	j, err := Create(store, Program{})
	if err != nil {
		t.Fatal(err)
	}
	j.Place(7, 5)
	mark, err := WriteSeal(store, Seal{Modified: 1})
	if err := errors.Join(err, j.Advance(Forward, Running, 0, 0), j.Keep(mark)); err != nil {
		t.Fatal(err)
	}
	for n := int64(2); n < 6; n++ {
		if err := j.Reseal(store, Seal{Modified: n}); err != nil {
			t.Fatal(err)
		}
		r, err := ReadRecord(store)
		if err != nil || r.Order != 7 || r.Floor != 5 || r.State != Kept {
			t.Fatalf("%+v, %v", r, err)
		}
		if s, err := ReadSeal(store, r.Seal); err != nil || s.Modified != n {
			t.Errorf("%+v, %v", s, err)
		}
		one, err1 := Exists(store, SealName)
		two, err2 := Exists(store, ResealName)
		if one == two || err1 != nil || err2 != nil {
			t.Errorf("seals: %v, %v", one, two)
		}
	}
}
