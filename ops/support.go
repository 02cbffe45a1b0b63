package ops

import (
	"cmp"
	"maps"
	"slices"

	"shunt/model"
)

// Ability is something that can be done with a file system. Each is a column of the support matrix.
type Ability string

// The columns of the support matrix.
const (
	CanCreate Ability = "create"
	CanGrow   Ability = "grow"
	CanShrink Ability = "shrink"
	CanMove   Ability = "move"
	CanCopy   Ability = "copy"
	CanCheck  Ability = "check"
	CanLabel  Ability = "label"
	CanUUID   Ability = "uuid"
	CanOnline Ability = "online"
)

// Abilities returns the columns of the support matrix in order.
func Abilities() []Ability {
	return []Ability{CanCreate, CanGrow, CanShrink, CanMove, CanCopy, CanCheck, CanLabel, CanUUID, CanOnline}
}

// Reason returns the reason why something cannot be done with the file system, or "".
func (c Capability) Reason(a Ability) model.Reason {
	return map[Ability]model.Reason{
		CanCreate: c.Create, CanGrow: c.Grow, CanShrink: c.Shrink, CanMove: c.Move, CanCopy: c.Copy, CanCheck: c.Check,
		CanLabel: c.Label, CanUUID: c.UUID, CanOnline: c.Online,
	}[a]
}

// Support is the support matrix: what this machine can do with each kind of file system, and why it cannot do the rest.
type Support struct {
	Rows []SupportRow
}

// SupportRow is one kind of file system.
type SupportRow struct {
	Kind  model.FSKind
	Cells map[Ability]SupportCell
	// Install lists the Debian packages that provide what is missing.
	Install []string
}

// SupportCell says whether something can be done with a kind of file system. The zero value says yes.
type SupportCell struct {
	Reason  model.Reason // why not, or ""
	Package string       // the Debian package that brings it, or ""
}

// Word returns "yes", "no", or the package to add, after a plus: its name alone could read as a verb, as mount does.
func (c SupportCell) Word() string {
	switch {
	case c.Reason.OK():
		return "yes"
	case c.Package != "":
		return "+" + c.Package
	}
	return "no"
}

// Missing returns the packages to install, each once.
func (s Support) Missing() []string {
	var list []string
	for _, r := range s.Rows {
		for _, pkg := range r.Install {
			if !slices.Contains(list, pkg) {
				list = append(list, pkg)
			}
		}
	}
	return list
}

// Matrix returns the support matrix of this machine. Kinds that support most come first.
func (c Capabilities) Matrix() Support {
	var s Support
	kinds := slices.Collect(maps.Keys(c))
	slices.SortFunc(kinds, func(a, b model.FSKind) int {
		return cmp.Or(cmp.Compare(a.Rank(), b.Rank()), cmp.Compare(a, b))
	})
	for _, kind := range kinds {
		row := SupportRow{Kind: kind, Cells: map[Ability]SupportCell{}, Install: c[kind].Missing}
		for _, a := range Abilities() {
			row.Cells[a] = SupportCell{Reason: c[kind].Reason(a), Package: c[kind].Brings[a]}
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

// NotInstalled returns the reason why something cannot be done without a program. It ends with a command that people can
// copy.
func NotInstalled(program, pkg string) model.Reason {
	return model.Because("%s is not installed: apt install %s", program, pkg)
}
