package registry

import "testing"

func TestFindPlace(t *testing.T) {
	path := image(t, t.TempDir(), 4096)
	if got, err := FindPlace(path); err != nil || got.Beside != path || got.Image == nil {
		t.Errorf("beside an image: %+v, %v", got, err)
	}
	loop := loopOf(t, path)
	if got, err := FindPlace(loop); err != nil || got.Beside != path || got.Image == nil {
		t.Errorf("beside its loop device: %+v, %v", got, err)
	}
	if _, err := FindPlace(path + ".none"); err == nil {
		t.Error("found the place of what is not there")
	}
}
