package cli

import (
	"fmt"
	"io"
	"strings"

	"shunt/model"
	"shunt/ops"
	"shunt/ops/partfs"
)

// The JSON form of the support matrix: for each kind, what can be done is null and what cannot is the reason.
type (
	supportReport struct {
		FileSystems []supportKind `json:"file_systems"`
		Install     []string      `json:"install"`            // packages that would make more possible
		Confined    string        `json:"confined,omitempty"` // how tools are kept from all but what they work on
	}
	supportKind struct {
		Kind    string                   `json:"kind"`
		Reasons map[string]*model.Reason `json:"reasons"` // by ability
		Install string                   `json:"install,omitempty"`
	}
)

// support prints what can be done with which file system on this machine.
func (s *settings) support(caps ops.Capabilities, asJSON bool) error {
	m := caps.Matrix()
	if asJSON {
		report := supportOf(m)
		report.Confined = partfs.Confinement()
		return s.out.json(report, "  ")
	}
	if err := writeSupport(s.out, m); err != nil {
		return err
	}
	if how := partfs.Confinement(); how != "" {
		text := strings.Join(wrapped("Tools are confined "+how+".", textWidth), "\n")
		if _, err := fmt.Fprintf(s.out, "\n%s\n", text); err != nil {
			return err
		}
	}
	return nil
}

func supportOf(m ops.Support) supportReport {
	r := supportReport{FileSystems: []supportKind{}, Install: append([]string{}, m.Missing()...)}
	for _, row := range m.Rows {
		k := supportKind{Kind: string(row.Kind), Reasons: map[string]*model.Reason{}, Install: strings.Join(row.Install, " ")}
		for _, a := range ops.Abilities() {
			k.Reasons[a.String()] = nil
			if reason := m.Reason(row, a); !reason.OK() {
				k.Reasons[a.String()] = &reason
			}
		}
		r.FileSystems = append(r.FileSystems, k)
	}
	return r
}

func writeSupport(out io.Writer, m ops.Support) error {
	const first, each = 12, 7
	var b strings.Builder
	line := func(name string, cell func(ops.Ability) string) {
		text := fmt.Sprintf("%-*s", first, name)
		for _, a := range ops.Abilities() {
			text += fmt.Sprintf("%-*s", each, cell(a))
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	line("File system", ops.Ability.String)
	for _, row := range m.Rows {
		line(string(row.Kind), func(a ops.Ability) string {
			if row.Can(a) {
				return "yes"
			}
			return fmt.Sprintf("no %d", row.Notes[a])
		})
	}
	if len(m.Reasons) > 0 {
		b.WriteString("\nWhy not:\n")
	}
	for i, reason := range m.Reasons {
		for j, text := range wrapped(string(reason), textWidth-5) {
			mark := "     "
			if j == 0 {
				mark = fmt.Sprintf("%3d  ", i+1)
			}
			b.WriteString(mark + text + "\n")
		}
	}
	if missing := m.Missing(); len(missing) > 0 {
		fmt.Fprintf(&b, "\nFor more of it: apt install %s\n", strings.Join(missing, " "))
	}
	_, err := io.WriteString(out, b.String())
	return err
}
