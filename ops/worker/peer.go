package worker

import (
	"bufio"
	"encoding/json"
	"net"
	"sync"

	"shunt/ops/report"
)

// peer is a process that follows the worker. What it is told waits here until it reads: one that is stopped, or slow,
// holds up neither the work nor the other peers.
type peer struct {
	conn net.Conn
	wake chan struct{}
	gone chan struct{} // closed when nothing can come from it any more

	mu       sync.Mutex
	queue    []Event
	progress *report.Progress // the latest one that was not sent; earlier ones are of no interest
}

func newPeer(conn net.Conn) *peer {
	p := &peer{conn: conn, wake: make(chan struct{}, 1), gone: make(chan struct{})}
	go p.write()
	return p
}

// tell puts an event in the queue.
func (p *peer) tell(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Progress != nil {
		p.progress = e.Progress
	} else {
		p.queue = append(p.queue, e)
	}
	select {
	case p.wake <- struct{}{}:
	default: // it is awake already
	}
}

func (p *peer) next() (Event, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.progress != nil {
		e := Event{Progress: p.progress}
		p.progress = nil
		return e, true
	}
	if len(p.queue) == 0 {
		return Event{}, false
	}
	e := p.queue[0]
	p.queue = p.queue[1:]
	return e, true
}

// write sends what is in the queue, until the peer is gone.
func (p *peer) write() {
	for {
		select {
		case <-p.gone:
			return
		case <-p.wake:
		}
		for e, ok := p.next(); ok; e, ok = p.next() {
			line, err := json.Marshal(e)
			if err == nil {
				_, err = p.conn.Write(append(line, '\n'))
			}
			if err != nil {
				return // what reads from the peer will find out that it is gone
			}
		}
	}
}

// read hands on what the peer says until it is gone.
func (p *peer) read(in *bufio.Reader, order func(Command)) {
	defer close(p.gone)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var c Command
		if json.Unmarshal(line, &c) == nil {
			order(c)
		}
	}
}

func (p *peer) isGone() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}
