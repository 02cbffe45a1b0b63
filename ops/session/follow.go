package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"time"

	"shunt/ops/journal"
	"shunt/ops/report"
	"shunt/ops/target"
	"shunt/ops/target/registry"
	"shunt/ops/worker"
)

// OpenOrAttach opens a target for editing. If a worker of any process is committing to it, it follows that commit instead.
// Without an error exactly one of the session and the run is not nil. The errors are those of Open.
func OpenOrAttach(path string, opts Options) (*Session, *Run, error) {
	began := time.Now()
	tick := time.NewTicker(settling / 20)
	defer tick.Stop()
	for {
		s, err := Open(path, opts)
		var busy *target.InUse
		if err == nil || !errors.As(err, &busy) {
			return s, nil, err
		}
		run, unreachable := follow(path, opts)
		if unreachable == nil {
			return nil, run, nil
		}
		// A worker that has just begun, or is about to end, has the target but no socket.
		patience := settling
		if busy.Shunt {
			patience = settlingShunt
		}
		if time.Since(began) > patience {
			return nil, nil, err
		}
		<-tick.C
	}
}

// How long to wait for the holder of a target. On a busy machine a worker may take settlingShunt from its start to its
// socket, and from the removal of the socket to its end.
const (
	settling      = 200 * time.Millisecond
	settlingShunt = 1500 * time.Millisecond
)

// How long a worker may take to send its first snapshot to a follower, and to a process that only asks for it.
const (
	followerPatience = 20 * time.Second
	questionPatience = 3 * time.Second
)

// follow follows the commit that is under way on a target.
func follow(path string, opts Options) (run *Run, err error) {
	place, err := registry.FindPlace(path)
	if err != nil {
		return nil, err
	}
	err = withDir(place, opts, func(dir *journal.Dir) error {
		run, err = attachTo(dir)
		return err
	})
	return run, err
}

// attachTo follows the commit that is under way in a journal's directory. The error wraps worker.ErrNobody.
func attachTo(dir *journal.Dir) (*Run, error) {
	conn, in, first, err := greet(dir, followerPatience)
	if err != nil {
		return nil, err
	}
	r := newRun(conn)
	r.latest(first)
	go r.listen(feed{in, func() error { return nil }, &tail{}})
	return r, nil
}

// greet connects to a worker and waits for its first snapshot. Only the snapshot proves that the worker has not just ended.
func greet(dir *journal.Dir, patience time.Duration) (net.Conn, *json.Decoder, report.Progress, error) {
	const longest = 1 << 20 // bytes in the first snapshot, which has room for a queue of thousands of steps
	conn, err := worker.Dial(dir)
	if err != nil {
		return nil, nil, report.Progress{}, err
	}
	limited := &io.LimitedReader{R: conn, N: longest}
	in := json.NewDecoder(limited)
	var first worker.Event
	err = conn.SetReadDeadline(time.Now().Add(patience))
	if err == nil {
		err = in.Decode(&first)
	}
	if err == nil && first.Progress == nil {
		err = errors.New("it sends no progress")
	}
	if err := errors.Join(err, conn.SetReadDeadline(time.Time{})); err != nil {
		return nil, nil, report.Progress{}, errors.Join(fmt.Errorf("%w (%w)", worker.ErrNobody, err), conn.Close())
	}
	limited.N = math.MaxInt64
	return conn, in, *first.Progress, nil
}

// underWay returns the progress of the commit that is under way in a journal's directory, nil if there is none.
func underWay(dir *journal.Dir) *report.Progress {
	conn, _, first, err := greet(dir, questionPatience)
	if err != nil {
		return nil
	}
	_ = conn.Close() // nothing was written to it
	return &first
}

// Leave stops following a run. The run goes on.
func (r *Run) Leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.conn.Close() // the worker sees that the peer is gone
}
