package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops"
	"shunt/tui"
	"shunt/tui/internal/tuitest"
)

type be struct{}
type tg struct{ *tuitest.Target }
type rn struct {
	up     chan ops.Progress
	rep    chan ops.Report
	commit chan bool
	res    chan ops.Result
	mu     sync.Mutex
	log    []string
}

func (be) Open(p string) (tui.Target, error) {
	switch p {
	case "stick.raw":
		return tg{tuitest.Founding()}, nil
	case "server.qcow2":
		return tg{tuitest.Varied()}, nil
	case "card.img":
		return tg{tuitest.Logicals()}, nil
	case "many":
		return tg{tuitest.Many(128)}, nil
	case "broken":
		t := tuitest.Founding()
		t.Broken = &tui.Unfinished{When: "2024-05-06 07:08", What: "412 of 1030 steps done", Stage: "copy", Text: "image grow 2GiB\nmove 2 right 1024MiB\n"}
		return tg{t}, nil
	case "damaged":
		return tg{tuitest.Damaged()}, nil
	}
	return nil, fmt.Errorf("open %s: it is open in a running virtual machine (qemu-system-x86, pid 4711); shut that down first. Nothing was changed", p)
}
func (t tg) Start(q ops.Queue) (tui.Run, error) {
	r := &rn{up: make(chan ops.Progress, 1), rep: make(chan ops.Report, 1), commit: make(chan bool, 1), res: make(chan ops.Result, 1)}
	go func() {
		for i := 1; i <= 7; i++ {
			r.up <- ops.Progress{Phase: ops.Rehearsing, Step: i, Steps: 7, Elapsed: time.Duration(i) * time.Second / 5}
			r.log = append(r.log, fmt.Sprintf("step %d", i))
			time.Sleep(time.Second / 3)
		}
		r.rep <- ops.Report{Filesystems: []ops.FSReport{{Ref: "p1", Kind: "ext4", Size: 1506 * geometry.MiB, Used: 26 * geometry.MiB}, {Ref: "p2", Kind: "ext4", Size: 483 * geometry.MiB, Used: 26 * geometry.MiB}}, CopyBytes: 26 * geometry.MiB, PlaceBytes: geometry.MiB, JournalSize: 3 * geometry.MiB, SkippedFree: 458 * geometry.MiB, Estimate: 2 * time.Second}
		if !<-r.commit {
			r.res <- ops.Result{Outcome: ops.Unchanged}
			close(r.up)
			return
		}
		for i := 0; i < 100; i++ {
			r.up <- ops.Progress{Phase: ops.Committing, Stage: []string{"prepare", "record", "fence", "copy", "copy", "copy", "copy", "place", "table", "done"}[i/10], Done: geometry.Bytes(i) * geometry.MiB, Total: 100 * geometry.MiB, Elapsed: time.Duration(i+1) * time.Second / 10}
			time.Sleep(time.Second / 10)
		}
		r.res <- ops.Result{Outcome: ops.Done}
		close(r.up)
	}()
	return r, nil
}
func (t tg) Rescan() error                         { return nil }
func (t tg) Close() error                          { return nil }
func (t tg) Recover(tui.Recovery) (tui.Run, error) { return nil, fmt.Errorf("no") }
func (r *rn) Updates() <-chan ops.Progress         { return r.up }
func (r *rn) Report() (ops.Report, bool)           { return <-r.rep, true }
func (r *rn) Commit()                              { r.commit <- true }
func (r *rn) Cancel()                              { r.commit <- false }
func (r *rn) Result() ops.Result                   { return <-r.res }
func (r *rn) Log() []string                        { return r.log }

func main() {
	_ = model.Ext4
	if err := tui.Edit(context.Background(), tui.Options{Backend: be{}, Paths: os.Args[1:]}); err != nil {
		fmt.Println(err)
	}
}
