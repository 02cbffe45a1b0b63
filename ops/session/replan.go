package session

import (
	"fmt"
	"os"
	"slices"

	"shunt/geometry"
	"shunt/ops"
	"shunt/ops/partfs"
	"shunt/ops/plan"
	"shunt/ops/report"
	"shunt/ops/worker"
)

// mostSizes limits how many sizes of one partition are tried. The last one is its present size.
const mostSizes = 6

// rehearsing is a queue, and why it is not the one that the run was started with.
type rehearsing struct {
	queue ops.Queue
	told  []report.Replanned
}

// A replanner makes the plan of a run again after a tool found no room in a size that shunt chose (see ops.Aim). What the
// superblock says of that size is an estimate, and only the tool knows. Everything else of the job stays.
type replanner struct {
	session *Session
	queue   ops.Queue // the first one
	job     worker.Job
	files   []*os.File // of the job's sources
}

// again starts a worker with the next larger size. ok is false if there is none.
func (r *replanner) again(now rehearsing, small report.TooSmall) (next rehearsing, p *process, ok bool) {
	if next, ok = now.larger(small); !ok {
		return now, nil, false
	}
	job := r.job
	job.Plan, job.Preview = plan.Told(next.queue), worker.Sum(next.queue.Preview())
	p, err := r.session.spawnAgain(job, next.queue, r.files)
	return next, p, err == nil
}

// larger returns the queue with the next larger size. ok is false if the size was the user's own, or if no other plan is
// left.
func (now rehearsing) larger(small report.TooSmall) (next rehearsing, ok bool) {
	q := now.queue
	if small.Op < 0 || small.Op >= q.Len() || !q.Yields(small.Op) {
		return now, false
	}
	id := q.Ops()[small.Op].Part()
	part, _ := q.Before(small.Op).Partition(id)
	shown, _ := q.Preview().Partition(id) // the plan may give it another number
	tries := 1
	for _, told := range now.told {
		if told.Ref == shown.Ref() {
			tries++
		}
	}
	least := small.Least
	switch {
	case tries > mostSizes:
		return now, false
	case tries == mostSizes:
		least = part.FS.Size
	case least <= small.Asked:
		// Limits add some slack to it, which is the first step. Later ones double.
		least = small.Asked + small.Asked/50*geometry.Bytes(1<<(tries-1)-1)
	}
	more, err := q.Knowing(id, least)
	if err != nil || more.Len() == 0 {
		return now, false
	}
	part, _ = more.Preview().Partition(id)
	told := report.Replanned{Ref: part.Ref(), Asked: small.Asked, Took: more.Preview().SectorSize.Bytes(part.Span.Len())}
	return rehearsing{more, append(slices.Clone(now.told), told)}, true
}

// spawnAgain starts another worker for a job that launch has started.
func (s *Session) spawnAgain(job worker.Job, q ops.Queue, files []*os.File) (*process, error) {
	job, files, err := s.prepared(job, q, files)
	if err != nil {
		return nil, err
	}
	how, err := partfs.DetectIsolation()
	if err != nil {
		return nil, err
	}
	return spawn(job, files, how)
}

// replan goes on with another plan, if there is one and nobody has stopped the run.
func (r *Run) replan(small report.TooSmall) (feed, bool) {
	r.mu.Lock()
	now, stopped := r.plan, r.stopped
	r.mu.Unlock()
	if stopped {
		return feed{}, false
	}
	next, p, ok := r.again(now, small)
	if !ok {
		return feed{}, false
	}
	r.mu.Lock()
	old := r.conn
	r.conn, r.plan = p.conn, next
	r.log = append(r.log, fmt.Sprintf("== %s", next.told[len(next.told)-1]))
	stopped = r.stopped
	resumed := !r.rests
	r.mu.Unlock()
	_ = old.Close() // the worker has closed its end
	if stopped {
		r.send(worker.Cancel) // it went to the old one
	} else if resumed {
		r.send(worker.Resume)
	}
	return p.feed(), true
}
