package tui_test

import (
	"errors"

	"shunt/model/tried"
	"shunt/ops"
	"shunt/tui"
)

// Backend stands in for what opens targets: it knows the ones it was given, by path.
type Backend struct {
	Files
	idle    *idle
	Targets map[string]*Target
	// Refuse has an error for each path that cannot be opened.
	Refuse map[string]error
	// Machine is what Discover finds.
	Machine ops.Env
	// Devices are what images become when they are attached; the way back is the same.
	Devices map[string]string
	// Opened and Closed list the paths in the order of the calls.
	Opened, Closed []string
}

// Open finds the target of a path.
func (b *Backend) Open(path string, _ func(string)) (target tui.Target, err error) {
	b.idle.until(func() bool { return b.Targets[path] == nil || !b.Targets[path].Held }, func() {
		b.Opened = append(b.Opened, path)
		err = b.Refuse[path]
		t := b.Targets[path]
		switch {
		case err != nil:
		case t == nil:
			err = tried.Errorf("open %s: no such file", path)
		default:
			t.backend, t.path = b, path
			target = t
		}
	})
	return target, err
}

// Discover is Machine.
func (b *Backend) Discover() ops.Env { return b.Machine }

// Attach is the device in Devices.
func (b *Backend) Attach(image string) (device string, err error) {
	b.idle.do(func() {
		if device = b.Devices[image]; device == "" {
			err = errors.New("attaching " + image + ": there is no free loop device")
		}
	})
	return device, err
}

// Detach is the image of the device in Devices.
func (b *Backend) Detach(device string) (image string, err error) {
	b.idle.do(func() {
		for i, d := range b.Devices {
			if d == device {
				image = i
			}
		}
		if image == "" {
			err = errors.New("detaching " + device + ": it is in use")
		}
	})
	return image, err
}
