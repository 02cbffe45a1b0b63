package report

import "shunt/geometry"

// Examined is what a file system's checker found.
type Examined struct {
	// Replayed says that the journal holds changes that are not in their places. The check saw them there.
	Replayed bool `json:"replayed,omitempty"`
	// Fault says what is wrong, "" if nothing is. Output is all that the checker said then, printable.
	Fault  string   `json:"fault,omitempty"`
	Output string   `json:"output,omitempty"`
	Notes  []string `json:"notes,omitempty"` // odd and no damage
}

// A Verdict says how a check of one part of an image ended.
type Verdict string

// Verdicts.
const (
	Sound     Verdict = "clean"
	Faulty    Verdict = "wrong"
	Unchecked Verdict = "not checked"
)

// A Check is what was found in one part of an image. All texts are printable.
type Check struct {
	Part     string   `json:"part"`     // "format", "table", "p2", "disk"
	Contents string   `json:"contents"` // "qcow2", "GPT", "ext4"
	By       string   `json:"by,omitempty"`
	Verdict  Verdict  `json:"verdict"`
	Faults   []string `json:"faults"`
	Why      string   `json:"why,omitempty"`     // it was not checked
	Install  []string `json:"install,omitempty"` // the packages of the checkers that are missing
	Notes    []string `json:"notes"`             // odd and no damage
	Output   string   `json:"output,omitempty"`  // of the checker that found a fault
}

// Judged returns c with the verdict that its faults mean. What is not checked stays so if nothing is wrong.
func (c Check) Judged() Check {
	c.Faults, c.Notes = append([]string{}, c.Faults...), append([]string{}, c.Notes...) // empty lists in JSON, too
	switch {
	case len(c.Faults) > 0:
		c.Verdict = Faulty
	case c.Verdict == "":
		c.Verdict = Sound
	}
	return c
}

// An ImageCheck is what was found in all parts of an image.
type ImageCheck struct {
	Path   string         `json:"path"`
	Format string         `json:"format"`
	Size   geometry.Bytes `json:"size"`
	InUse  string         `json:"in_use,omitempty"`
	Clean  bool           `json:"clean"` // nothing is wrong with what could be checked
	Checks []Check        `json:"checks"`
}

// Count returns how many checks ended with a verdict.
func (c ImageCheck) Count(v Verdict) (n int) {
	for _, one := range c.Checks {
		if one.Verdict == v {
			n++
		}
	}
	return n
}
