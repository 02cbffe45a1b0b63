package worker

import (
	"context"
	"encoding/json"
	"errors"
	"net"

	"shunt/model/scan"
	"shunt/model/tried"
	"shunt/ops/target"
)

// A Hunt is a search for lost partitions, for a worker with the task report.Look. It answers with HuntEvents and ends when the
// parent does.
type Hunt struct {
	Everywhere bool // also inside partitions
}

// A HuntEvent is progress, or with Finding or Err the end of the search.
type HuntEvent struct {
	Done, Total int64 // bytes
	Finding     *scan.LostFinding
	Err         string
}

// huntStep is how many bytes are searched between two events.
const huntStep = 16 << 20

// hunt searches the target of the job. What makes the search crash ends this process alone.
func (w *process) hunt(ctx context.Context, conn net.Conn) error {
	if err := limit(false); err != nil {
		return err
	}
	if err := w.adopt(target.Inspect); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = conn.Read(make([]byte, 1)) // the parent sends nothing more, so this returns when it is gone
		cancel()
	}()
	out, last := json.NewEncoder(conn), int64(-huntStep)
	disk, err := Scan(w.target)
	if err == nil {
		how := scan.LostSearch{Everywhere: w.job.Hunt.Everywhere, Progress: func(done, total int64) {
			if done-last >= huntStep || done == total {
				last = done
				_ = out.Encode(HuntEvent{Done: done, Total: total}) // a parent that is gone ends the search
			}
		}}
		var found scan.LostFinding
		if found, err = scan.Lost(ctx, w.target, disk, how); err == nil {
			return errors.Join(out.Encode(HuntEvent{Finding: &found}), w.release())
		}
	}
	return errors.Join(out.Encode(HuntEvent{Err: tried.Text(err)}), w.release())
}
