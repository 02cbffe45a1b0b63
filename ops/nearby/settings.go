package nearby

import (
	"encoding/json"
	"slices"

	"shunt/ops/report"
)

// Settings returns those that were kept, or the ones of a first start.
func (f Finder) Settings() report.Settings {
	first := report.Settings{Ahead: report.AheadImages}
	text := f.get(settingsFile)
	if text == "" {
		return first
	}
	var kept report.Settings
	known := []report.Ahead{report.AheadOff, report.AheadImages, report.AheadAll}
	if json.Unmarshal([]byte(text), &kept) != nil || !slices.Contains(known, kept.Ahead) {
		return first
	}
	return kept
}

// Keep stores the settings for the next start. If it cannot, the next start has those of before.
func (f Finder) Keep(s report.Settings) {
	text, err := json.Marshal(s)
	if err == nil {
		_ = f.put(settingsFile, string(text)+"\n") // nothing else depends on it
	}
}
