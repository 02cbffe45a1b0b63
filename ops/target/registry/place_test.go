package registry

import "testing"

func TestBeside(t *testing.T) {
	path := image(t, t.TempDir(), 4096)
	if got, err := Beside(path); err != nil || got != path {
		t.Errorf("beside an image: %s, %v", got, err)
	}
	loop := loopOf(t, path)
	if got, err := Beside(loop); err != nil || got != path {
		t.Errorf("beside its loop device: %s, %v", got, err)
	}
	if _, err := Beside(path + ".none"); err == nil {
		t.Error("found the place of what is not there")
	}
}
