package report

// Settings are what users choose once, for all targets.
type Settings struct {
	// Ahead says for which targets a rehearsal begins by itself.
	Ahead Ahead `json:"rehearse_ahead,omitempty"`
}

// Ahead is a choice of targets.
type Ahead string

// The choices. The zero value is AheadOff.
const (
	AheadOff    Ahead = ""
	AheadImages Ahead = "images" // image files, and not devices
	AheadAll    Ahead = "all"
)

// Includes reports whether a target is among the chosen ones.
func (a Ahead) Includes(f Facts) bool { return a == AheadAll || a == AheadImages && !f.Device }

// Next returns another choice, so that all come in turn.
func (a Ahead) Next() Ahead {
	return map[Ahead]Ahead{AheadOff: AheadImages, AheadImages: AheadAll}[a]
}

// String returns the choice in words.
func (a Ahead) String() string {
	switch a {
	case AheadImages:
		return "image files"
	case AheadAll:
		return "all targets"
	case AheadOff:
	}
	return "off"
}
