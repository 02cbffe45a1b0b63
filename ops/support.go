package ops

import (
	"cmp"
	"maps"
	"slices"

	"shunt/model"
)

// Ability is one thing that can be done with a file system: a column of the support matrix.
type Ability int

// The abilities, in the order of the columns.
const (
	CanCreate Ability = iota
	CanGrow
	CanShrink
	CanMove
	CanCopy
	CanCheck
	CanLabel
	CanUUID
	CanOnline
	abilities // how many there are
)

var abilityNames = [abilities]string{
	CanCreate: "create", CanGrow: "grow", CanShrink: "shrink", CanMove: "move", CanCopy: "copy", CanCheck: "check",
	CanLabel: "label", CanUUID: "uuid", CanOnline: "online",
}

func (a Ability) String() string { return abilityNames[a] }

// Abilities lists the columns of the support matrix.
func Abilities() []Ability {
	list := make([]Ability, abilities)
	for i := range list {
		list[i] = Ability(i)
	}
	return list
}

// Reason is why something cannot be done with a file system.
func (c Capability) Reason(a Ability) model.Reason {
	return [abilities]model.Reason{
		CanCreate: c.Create, CanGrow: c.Grow, CanShrink: c.Shrink, CanMove: c.Move, CanCopy: c.Copy, CanCheck: c.Check,
		CanLabel: c.Label, CanUUID: c.UUID, CanOnline: c.Online,
	}[a]
}

// Support is the support matrix: what can be done with each kind of file system on this machine, and why not.
type Support struct {
	Rows []SupportRow
	// Reasons are the footnotes, each told once; a cell's number counts them from 1.
	Reasons []model.Reason
}

// SupportRow is one kind of file system.
type SupportRow struct {
	Kind model.FSKind
	// Notes has for each Ability 0 if it can be done, or the number of the reason why not.
	Notes [abilities]int
	// Install are the Debian packages to install for what is missing.
	Install []string
}

// Can reports whether something can be done with the kind.
func (r SupportRow) Can(a Ability) bool { return r.Notes[a] == 0 }

// Reason is why something cannot be done with the row's kind.
func (s Support) Reason(r SupportRow, a Ability) model.Reason {
	if n := r.Notes[a]; n > 0 {
		return s.Reasons[n-1]
	}
	return ""
}

// Missing lists the packages to install, without repetition.
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

// Matrix is the support matrix of what is possible here. Kinds with which most can be done come first.
func (c Capabilities) Matrix() Support {
	var s Support
	kinds := slices.Collect(maps.Keys(c))
	slices.SortFunc(kinds, func(a, b model.FSKind) int {
		return cmp.Or(cmp.Compare(a.Rank(), b.Rank()), cmp.Compare(a, b))
	})
	for _, kind := range kinds {
		row := SupportRow{Kind: kind, Install: c[kind].Missing}
		for _, a := range Abilities() {
			reason := c[kind].Reason(a)
			if reason.OK() {
				continue
			}
			at := slices.Index(s.Reasons, reason)
			if at < 0 {
				at = len(s.Reasons)
				s.Reasons = append(s.Reasons, reason)
			}
			row.Notes[a] = at + 1
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

// NotInstalled is the reason why something cannot be done without a program. It ends with a command that people can copy.
func NotInstalled(program, pkg string) model.Reason {
	return model.Because("%s is not installed: apt install %s", program, pkg)
}
