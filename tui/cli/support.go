package cli

import (
	"fmt"
	"strings"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/partfs"
)

// The JSON form of the support matrix: for each kind and ability, null if it is possible, otherwise the reason why not.
type (
	supportReport struct {
		FileSystems []supportKind `json:"file_systems"`
		Install     []string      `json:"install"`            // packages that would add abilities
		Confined    string        `json:"confined,omitempty"` // how tools are confined to the partition they work on
	}
	supportKind struct {
		Kind    string                   `json:"kind"`
		Reasons map[string]*model.Reason `json:"reasons"` // by ability
		Install []string                 `json:"install,omitempty"`
	}
)

func supportOf(m ops.Support) supportReport {
	r := supportReport{
		FileSystems: []supportKind{}, Install: append([]string{}, m.Missing()...),
		Confined: partfs.Confinement(),
	}
	for _, row := range m.Rows {
		k := supportKind{Kind: string(row.Kind), Reasons: map[string]*model.Reason{}, Install: row.Install}
		for _, a := range ops.Abilities() {
			k.Reasons[string(a)] = nil
			if reason := row.Cells[a].Reason; !reason.OK() {
				k.Reasons[string(a)] = &reason
			}
		}
		r.FileSystems = append(r.FileSystems, k)
	}
	return r
}

// whyNot lists for each kind what cannot be done and why. What a package brings is left out: its cell names the package.
func whyNot(m ops.Support) string {
	text := ""
	for _, row := range m.Rows {
		for _, a := range ops.Abilities() {
			if c := row.Cells[a]; !c.Reason.OK() && c.Package == "" {
				text += hang("  ", 4, fmt.Sprintf("%s, %s: %s", row.Kind, a, c.Reason))
			}
		}
	}
	if text != "" {
		text = "\nWhy not:\n" + text
	}
	return text
}

// supportText formats the matrix as text. confined says how tools are confined to the partition they work on; it is "" if
// they are not.
func supportText(m ops.Support, confined string) string {
	header, rows := []string{"File system"}, [][]string{}
	for _, a := range ops.Abilities() {
		header = append(header, string(a))
	}
	for _, row := range m.Rows {
		cells := []string{string(row.Kind)}
		for _, a := range ops.Abilities() {
			cells = append(cells, row.Cells[a].Word())
		}
		rows = append(rows, cells)
	}
	text := grid(header, rows, strings.Repeat("l", len(header)))
	text += whyNot(m)
	if missing := m.Missing(); len(missing) > 0 {
		text += fmt.Sprintf("\nTo be able to do more: apt install %s\n", strings.Join(missing, " "))
	}
	if confined != "" {
		text += "\n" + hang("", 0, "Tools are confined "+confined+".")
	}
	return text
}
