package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"shunt/ops"
	"shunt/ops/journal"
)

// lastName is the file a worker leaves its result in when nobody was there to hear it, in the journal's directory.
const lastName = "result.json"

// Last is the result of a commit or recovery that nobody heard.
type Last struct {
	When   time.Time  `json:"when"` // it ended
	Task   Task       `json:"task"`
	Plan   string     `json:"plan,omitempty"`
	Result ops.Result `json:"result"`
}

// LeaveLast keeps a result for the next start of shunt, durably. The caller holds the target's lock.
func LeaveLast(dir journal.Dir, last Last) error {
	text, err := json.Marshal(last)
	if err != nil {
		return err
	}
	f, err := dir.Create(lastName)
	if err != nil {
		return fmt.Errorf("leave the result: %w", err)
	}
	_, err = f.WriteAt(text, 0)
	if err := errors.Join(err, f.Sync(), f.Close(), dir.SyncDir()); err != nil {
		return fmt.Errorf("leave the result: %w", err)
	}
	return nil
}

// TakeLast is the result that was left, or nil, and removes it. The caller holds the target's lock. One that cannot
// be read was cut off by a crash: what the target and its journal look like tells the same.
func TakeLast(dir journal.Dir) *Last {
	f, err := os.Open(filepath.Join(dir.Path(), lastName))
	if err != nil {
		return nil
	}
	const most = 16 << 20
	text, err := io.ReadAll(io.LimitReader(f, most))
	err = errors.Join(err, f.Close())
	var last Last
	if err != nil || json.Unmarshal(text, &last) != nil {
		last = Last{}
	}
	// A result that cannot be removed is told again next time, which does no harm.
	_ = errors.Join(dir.Remove(lastName), dir.Vanish())
	if last.Result.Outcome == "" {
		return nil
	}
	last.Plan = ops.KeptPlan(last.Plan)
	return &last
}
