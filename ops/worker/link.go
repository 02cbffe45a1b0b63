package worker

import (
	"bufio"
	"encoding/json"
	"io"
	"sync"
	"time"

	"shunt/ops"
)

// link is the worker's side of the socket. A peer that has gone is no error: what it would have been told is kept.
type link struct {
	mu       sync.Mutex
	peers    []io.Writer
	progress ops.Progress
	began    time.Time // of the phase
	log      []string
	report   *ops.Report
	result   *ops.Result
	told     bool // the result reached a peer
	now      func() time.Time
}

// attach adds a peer and tells it where things stand.
func (l *link) attach(w io.Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.progress
	for _, e := range l.backlog(&p) {
		if l.send(w, e) != nil {
			return
		}
	}
	l.peers = append(l.peers, w)
}

func (l *link) backlog(p *ops.Progress) []Event {
	var events []Event
	for _, line := range l.log {
		events = append(events, Event{Log: line})
	}
	if l.report != nil {
		events = append(events, Event{Report: l.report})
	}
	events = append(events, Event{Progress: p})
	if l.result != nil {
		events = append(events, Event{Result: l.result})
	}
	return events
}

// tell sends an event to every peer that is still there.
func (l *link) tell(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case e.Log != "":
		l.log = append(l.log, e.Log)
	case e.Report != nil:
		l.report = e.Report
	case e.Result != nil:
		l.result = e.Result
	}
	l.broadcast(e)
}

func (l *link) broadcast(e Event) {
	alive := l.peers[:0]
	for _, w := range l.peers {
		if l.send(w, e) == nil {
			alive = append(alive, w)
			l.told = l.told || e.Result != nil
		}
	}
	l.peers = alive
}

func (l *link) send(w io.Writer, e Event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// at sets the progress; the ticker sends it.
func (l *link) at(change func(*ops.Progress)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	phase := l.progress.Phase
	change(&l.progress)
	if l.progress.Phase != phase {
		l.began = l.now()
		l.progress.Done, l.progress.Total, l.progress.Step = 0, 0, 0
		change(&l.progress)
	}
}

func (l *link) sendProgress() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.progress.Phase == "" {
		return
	}
	p := l.progress
	p.Elapsed = l.now().Sub(l.began)
	l.broadcast(Event{Progress: &p})
}

// ticker sends progress until stop is closed.
func (l *link) ticker(stop <-chan struct{}) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			l.sendProgress()
		case <-stop:
			return
		}
	}
}

// commands reads what the peer orders; the channel is closed when the peer is gone.
func commands(r *bufio.Reader) <-chan Command {
	out := make(chan Command)
	go func() {
		defer close(out)
		for {
			line, err := r.ReadBytes('\n')
			if err != nil {
				return
			}
			var c Command
			if json.Unmarshal(line, &c) == nil {
				out <- c
			}
		}
	}()
	return out
}
