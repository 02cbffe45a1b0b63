package fsys

import (
	"cmp"
	"slices"
	"sync"

	"shunt/model"
	"shunt/ops"
	runner "shunt/ops/tool"
)

// Discover reports what this machine can do with each kind of file system.
func Discover() ops.Capabilities { return DiscoverWith(Machine{}) }

// Discovering begins to find out what Discover reports, and returns a function that waits for it.
func Discovering() (wait func() ops.Capabilities) {
	found := make(chan ops.Capabilities, 1)
	go func() { found <- Discover() }()
	return sync.OnceValue(func() ops.Capabilities { return <-found })
}

// DiscoverWith is like Discover, for the machine m.
func DiscoverWith(m Machine) ops.Capabilities {
	if m.Look == nil {
		m.Look = runner.Find
	}
	if m.CannotMount == nil {
		m.CannotMount = cannotMount
	}
	caps := make(ops.Capabilities, len(drivers))
	for _, d := range drivers {
		caps[d.Kind] = d.capability(m)
	}
	return caps
}

// capability returns what the operations need to know about the kind on the machine m.
func (d Driver) capability(m Machine) ops.Capability {
	c := d.facts
	c.Brings = map[ops.Ability]string{}
	need := func(name ops.Ability, a ability) model.Reason {
		reason, pkg := m.lacks(a, d.Package)
		if pkg != "" {
			c.Brings[name] = pkg
		}
		if pkg != "" && !slices.Contains(c.Missing, pkg) {
			c.Missing = append(c.Missing, pkg)
		}
		return reason
	}
	c.Create, c.Grow, c.Shrink = need(ops.CanCreate, d.create), need(ops.CanGrow, d.grow), need(ops.CanShrink, d.shrink)
	c.Check, c.Label, c.UUID = need(ops.CanCheck, d.check), need(ops.CanLabel, d.label), need(ops.CanUUID, d.uuid)
	c.Online, c.Replay = need(ops.CanOnline, d.online), need("", d.replays) // the last is no column of the matrix
	c.Package = d.Package
	c.Tools = ops.ToolNames{
		Create: d.create.by, Resize: cmp.Or(d.grow.by, d.shrink.by), Online: d.online.by,
		Check: d.check.by, Label: d.label.by, UUID: d.uuid.by,
	}
	c.KeepsPosition, c.HalfUUID = d.moved != nil, d.setHalf != nil
	c.FreeKnown = d.free != nil && (d.certain || c.Check.OK())
	return c
}

// An ability is something that can be done with a kind of file system, or the reason why it cannot be done.
type ability struct {
	reason model.Reason // why no machine can do it
	tools  []string     // programs that must be installed
	mounts string       // the file system that the kernel must be able to mount, "" if none
	by     string       // the program that does it, for people; "" if shunt does it itself
}

// can returns the ability to do something with the first of the tools. The other tools must be installed too.
func can(tools ...string) ability { return ability{tools: tools, by: tools[0]} }

// alone returns the ability to do something without running a tool. The tools must still be installed.
func alone(tools ...string) ability { return ability{tools: tools} }

func cannot(reason model.Reason) ability { return ability{reason: reason} }

// whileMounted is like can, for work on a mounted file system. fs is the kernel's name for the file system.
func whileMounted(fs string, tools ...string) ability {
	return ability{tools: append([]string{"mount", "umount"}, tools...), mounts: fs, by: tools[0]}
}

// called returns the ability with another name for the program that does the work.
func (a ability) called(by string) ability {
	a.by = by
	return a
}

// lacks returns the reason why the machine m lacks the ability, or "". missing is the package to install if a program is
// not there.
func (m Machine) lacks(a ability, pkg string) (no model.Reason, missing string) {
	if !a.reason.OK() {
		return a.reason, ""
	}
	for _, name := range a.tools {
		if _, err := m.Look(name); err != nil {
			pkg = packageOf(name, pkg)
			return ops.NotInstalled(name, pkg), pkg
		}
	}
	if a.mounts != "" {
		return m.CannotMount(a.mounts), ""
	}
	return "", ""
}

// packageOf returns the Debian package of a program that a driver needs: the driver's own, unless it comes with the system.
func packageOf(program, own string) string {
	of := map[string]string{"mount": "mount", "umount": "mount", "findmnt": "util-linux"}
	return cmp.Or(of[program], own)
}
