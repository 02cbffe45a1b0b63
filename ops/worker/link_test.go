package worker

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"shunt/ops/journal"
	"shunt/ops/report"
)

// talk connects a peer to a link; far is the peer's end.
func talk(t *testing.T, l *link) (far net.Conn) {
	t.Helper()
	near, far := net.Pipe() // without a buffer: who does not read holds up who writes
	t.Cleanup(func() { _ = errors.Join(near.Close(), far.Close()) })
	l.serve(near, near, (&process{link: l, stop: func() {}}).order, func() {})
	return far
}

// TestPeerThatDoesNotRead has a peer that is stopped: the worker goes on, and others hear everything.
func TestPeerThatDoesNotRead(t *testing.T) {
	l := newLink()
	l.task = report.Undo
	talk(t, l)
	l.publish(Event{Log: "one"})
	other := talk(t, l)
	for range 1000 {
		l.at(func(p *report.Progress) { p.Phase = report.Committing; p.Done++ })
		l.sendProgress()
	}
	l.publish(Event{Log: "two"})
	l.publish(Event{Result: &report.Result{Outcome: report.Done}})
	in := json.NewDecoder(other)
	var logs []string
	var done int64
	for {
		var e Event
		if err := in.Decode(&e); err != nil {
			t.Fatal(err)
		}
		switch {
		case e.Log != "":
			logs = append(logs, e.Log)
		case e.Progress != nil:
			if int64(e.Progress.Done) < done {
				t.Fatal("progress went back")
			}
			done = int64(e.Progress.Done)
			if e.Progress.Task != l.task && e.Progress.Phase != "" {
				t.Fatalf("progress of %q", e.Progress.Task)
			}
		case e.Result != nil:
			if got := strings.Join(logs, " "); got != "one two" || done != 1000 {
				t.Errorf("heard %q, progress %d", got, done)
			}
			return
		}
	}
}

func TestHeard(t *testing.T) {
	for name, c := range map[string]struct {
		peer func(far net.Conn) error
		want bool
	}{
		"confirms":            {func(far net.Conn) error { return json.NewEncoder(far).Encode(Seen) }, true},
		"goes away":           {net.Conn.Close, false},
		"confirms and leaves": {func(far net.Conn) error { return errors.Join(json.NewEncoder(far).Encode(Seen), far.Close()) }, true},
		"says something else": {func(far net.Conn) error { return errors.Join(json.NewEncoder(far).Encode(Cancel), far.Close()) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLink()
			far := talk(t, l)
			l.publish(Event{Result: &report.Result{Outcome: report.Done}})
			said := make(chan error, 1)
			go func() { said <- c.peer(far) }()
			if got := l.heard(); got != c.want {
				t.Errorf("heard: %v", got)
			}
			if err := <-said; err != nil {
				t.Error(err)
			}
		})
	}
	if newLink().heard() {
		t.Error("heard by nobody")
	}
}

// TestHeardByAll has several peers. The worker stays until each has the result, or is given up: what ends the process takes
// the result from a peer that was slower than the first.
func TestHeardByAll(t *testing.T) {
	confirm := func(t *testing.T, far net.Conn) {
		t.Helper()
		in := json.NewDecoder(far)
		for {
			var e Event
			if err := in.Decode(&e); err != nil {
				t.Fatal(err)
			}
			if e.Result != nil {
				break
			}
		}
		if err := json.NewEncoder(far).Encode(Seen); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	}
	wait := func(l *link) (ended func() bool) {
		done := make(chan bool, 1)
		go func() { done <- l.heard() }()
		synctest.Wait()
		return func() bool {
			select {
			case heard := <-done:
				return heard
			default:
				return false
			}
		}
	}
	for name, second := range map[string]func(*testing.T, net.Conn){
		"confirms": confirm,
		"leaves":   func(t *testing.T, far net.Conn) { t.Helper(); _ = far.Close(); synctest.Wait() },
		"is stopped": func(t *testing.T, _ net.Conn) {
			t.Helper()
			<-time.After(patience) // of the bubble, where it takes no time
			synctest.Wait()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLink()
				one, other := talk(t, l), talk(t, l)
				l.publish(Event{Result: &report.Result{Outcome: report.Done}})
				ended := wait(l)
				confirm(t, one)
				if ended() {
					t.Fatal("it ended with the first peer that confirmed")
				}
				second(t, other)
				if !ended() {
					t.Fatal("it did not end with the second peer")
				}
				// Somebody who came by the socket before that was closed.
				late := talk(t, l)
				ended = wait(l)
				if ended() {
					t.Fatal("it ended without the late peer")
				}
				confirm(t, late)
				if !ended() {
					t.Fatal("it did not end with the late peer")
				}
			})
		})
	}
}

// TestSocket opens one in a directory whose path is longer than a socket's may be, over a socket of a worker that died.
func TestSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("long/", 30))
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := openDir(t, filepath.Join(path, "disk.raw.shunt"))
	if err := dir.Make(); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(dir); !errors.Is(err, ErrNobody) {
		t.Errorf("before: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir.Path(), socketName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(dir); !errors.Is(err, ErrNobody) {
		t.Errorf("dead: %v", err)
	}
	// Another door, which is reached by a link with the name of this one.
	elsewhere := filepath.Join(t.TempDir(), "s")
	other, err := net.Listen("unix", elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir.Path(), socketName)
	if err := errors.Join(os.Remove(at), os.Symlink(elsewhere, at)); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(dir); !errors.Is(err, ErrNobody) {
		t.Errorf("by a link: %v", err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	w := &process{link: newLink(), dir: dir, stop: func() { close(stopped) }}
	if err := w.listen(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(at); err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("the socket is %v, %v", info.Mode(), err)
	}
	conn, err := Dial(dir)
	if err != nil {
		t.Fatal(err)
	}
	var e Event
	if err := json.NewDecoder(conn).Decode(&e); err != nil || e.Progress == nil {
		t.Errorf("greeted with %+v, %v", e, err)
	}
	if err := json.NewEncoder(conn).Encode(Cancel); err != nil {
		t.Fatal(err)
	}
	select {
	case <-stopped:
	case <-time.After(10 * time.Second):
		t.Error("the order to stop did not arrive")
	}
	if err := errors.Join(conn.Close(), w.closeSocket()); err != nil {
		t.Error(err)
	}
	if err := dir.RemoveIfEmpty(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir.Path()); !os.IsNotExist(err) {
		t.Error("something is left in the directory")
	}
}

func TestLast(t *testing.T) {
	dir := openDir(t, filepath.Join(t.TempDir(), "disk.raw.shunt"))
	if TakeLast(dir) != nil {
		t.Error("a result from nowhere")
	}
	want := report.Last{When: time.Unix(1e9, 0).UTC(), Task: report.Apply, Plan: "move 1 right 1MiB\n", Result: report.Result{Outcome: report.Interrupted, Err: "x"}}
	stored := want
	stored.Plan = "move 1 right 1MiB # Move p1\n"
	want.Operations = []string{"Move p1"}
	if err := StoreLast(dir, stored); err != nil {
		t.Fatal(err)
	}
	if got := TakeLast(dir); got == nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("got %+v", got)
	}
	if TakeLast(dir) != nil {
		t.Error("told twice")
	}
	if _, err := os.Stat(dir.Path()); !os.IsNotExist(err) {
		t.Error("the directory is left")
	}
	for _, text := range []string{"", "{", `{"result":{}}`, "null"} {
		if err := errors.Join(dir.Make(), os.WriteFile(filepath.Join(dir.Path(), journal.ResultName), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		if got := TakeLast(dir); got != nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
