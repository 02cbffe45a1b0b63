package worker

import (
	"encoding/json"
	"net"

	"shunt/ops/nearby"
	"shunt/ops/report"
	"shunt/ops/target/registry"
)

// A Search is a list of images to look into, for a worker with the task report.Look. It answers with a Sighting for each, in
// order.
type Search struct {
	Paths  []string
	Finder nearby.Finder
}

// A Sighting is what a worker found in one image.
type Sighting struct {
	Found report.Found `json:"found"`
	Image bool         `json:"image"` // it is one, or broken
}

// search looks into the images of the job. One that makes its reader crash ends this process alone.
func (w *process) search(conn net.Conn) error {
	if err := limit(true); err != nil {
		return err
	}
	snapshot, out := registry.TakeSnapshot(), json.NewEncoder(conn)
	snapshot.Format = w.job.Search.Finder.Format
	for _, path := range w.job.Search.Paths {
		found, image := w.job.Search.Finder.Look(snapshot, path)
		found.Path = "" // the parent knows it, and JSON does not keep every name
		if err := out.Encode(Sighting{found, image}); err != nil {
			return err
		}
	}
	return nil
}
