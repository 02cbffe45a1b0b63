package tui

import (
	"context"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/model"
	"shunt/ops/guide"
	"shunt/tui/dialog"
)

// This file and savefile.go hold every command of the program: nothing else in this package does I/O, waits, or calls
// a method of a Target or a Run that may block.

func openTarget(b Backend, clock Clock, path string, gen int) tea.Cmd {
	words := make(chan string, 1)
	opening := func() tea.Msg {
		target, err := b.Open(path, latestOf(words))
		if err != nil {
			return openedMsg{gen: gen, err: err}
		}
		seen := look(target)
		seen.last = target.Last()
		return openedMsg{gen: gen, target: target, seen: seen}
	}
	return tea.Batch(opening, waitOpening(clock, words, gen))
}

// latestOf puts words into a channel with room for one, in the place of those that nobody has taken.
func latestOf(words chan string) func(what string) {
	return func(what string) {
		select {
		case <-words:
		default:
		}
		select {
		case words <- what:
		default: // another is as good
		}
	}
}

// waitOpening tells what is being done to open a target, unless that is over by then.
func waitOpening(clock Clock, words <-chan string, gen int) tea.Cmd {
	const moment = 300 * time.Millisecond
	return clock(moment, func() tea.Msg {
		msg := openingMsg{gen: gen, more: words}
		select {
		case msg.what = <-words:
		default:
		}
		return msg
	})
}

func look(t Target) sight {
	return sight{facts: t.Facts(), disk: t.Disk(), env: t.Env(), unfinished: t.Unfinished(), committing: t.Committing()}
}

// rescan reads a target again after a run. One that was interrupted may have been ended by that, which is told once.
func rescan(t Target, gen int, interrupted bool) tea.Cmd {
	return func() tea.Msg {
		err := t.Rescan()
		msg := rescannedMsg{gen: gen, seen: look(t), err: err}
		if err == nil && interrupted {
			msg.seen.last = t.Last()
		}
		return msg
	}
}

func closeTarget(t Target) tea.Cmd {
	return func() tea.Msg {
		// The target was only looked at: there is nothing a failure to unlock it could lose.
		_ = t.Close()
		return nil
	}
}

// startRun begins a run.
func startRun(gen int, start func() (Run, error)) tea.Cmd {
	return func() tea.Msg {
		run, err := start()
		return startedMsg{gen: gen, run: run, err: err}
	}
}

// background calls what needs no answer; nil is no command.
func background(do func()) tea.Cmd {
	if do == nil {
		return nil
	}
	return func() tea.Msg {
		do()
		return nil
	}
}

// follow watches a run: its next snapshot, its report and its result each arrive on their own.
func follow(r Run, gen int) tea.Cmd {
	return tea.Batch(
		waitProgress(r, gen),
		func() tea.Msg {
			report, ok := r.Report()
			return reportMsg{gen: gen, report: report, ok: ok}
		},
		func() tea.Msg {
			result := r.Result()
			return resultMsg{gen: gen, result: result, log: r.Log()}
		},
	)
}

// waitProgress waits for the next snapshot; after the last one it says nothing.
func waitProgress(r Run, gen int) tea.Cmd {
	return func() tea.Msg {
		progress, ok := <-r.Updates()
		if !ok {
			return nil
		}
		return progressMsg{gen: gen, progress: progress, log: r.Log()}
	}
}

func mountPart(d document, a dialog.Mount) tea.Cmd {
	how := "read-only"
	if a.Access == model.ReadWrite {
		how = "for reading and writing"
	}
	return mounting(d, a.ID, func(dir string) mountedMsg {
		return mountedMsg{dir: dir, said: fmt.Sprintf("Mounted %s at %s; M unmounts it", how, dir)}
	}, func() (string, error) { return d.target.Mount(a.ID, a.Access) })
}

func unmountPart(d document, id model.PartID) tea.Cmd {
	return mounting(d, id, func(dir string) mountedMsg { return mountedMsg{said: "Unmounted from " + dir} },
		func() (string, error) { return d.target.Unmount(id) })
}

// mounting mounts or unmounts a partition and reads the target again.
func mounting(d document, id model.PartID, told func(dir string) mountedMsg, do func() (dir string, err error)) tea.Cmd {
	return func() tea.Msg {
		dir, err := do()
		msg := told(dir)
		msg.gen, msg.part, msg.err, msg.lost = d.gen, id, err, d.target.Rescan()
		msg.seen = look(d.target)
		return msg
	}
}

// exchange closes a target, as nobody can have both an image and its loop device, and opens what it becomes; if it
// becomes nothing, it opens it again. said has a place for the path of what was opened.
func exchange(b Backend, d document, become func(path string) (string, error), said string) tea.Cmd {
	return func() tea.Msg {
		msg := exchangedMsg{gen: d.gen, path: d.path}
		if msg.err = d.target.Close(); msg.err == nil {
			var path string
			if path, msg.err = become(d.facts.Path); msg.err == nil {
				msg.path, msg.said = path, d.name()+" is "+fmt.Sprintf(said, path)
			}
		}
		target, err := b.Open(msg.path, func(string) {})
		if err != nil {
			msg.lost = err
			return msg
		}
		msg.target, msg.seen = target, look(target)
		return msg
	}
}

func inform(ctx context.Context, t Target, id model.PartID, gen int) tea.Cmd {
	return func() tea.Msg {
		sheet, err := t.Inform(ctx, id)
		return informedMsg{gen: gen, sheet: sheet, err: err}
	}
}

func listFiles(ctx context.Context, t Target, id model.PartID, dir string, gen int) tea.Cmd {
	return func() tea.Msg {
		list, err := t.List(ctx, id, dir)
		return filesMsg{gen: gen, list: list, err: err}
	}
}

// findPlans looks for the plans for a wish.
func findPlans(ctx context.Context, a dialog.Solve, gen int) tea.Cmd {
	return func() tea.Msg {
		plans, no, err := guide.Find(ctx, a.Queue, a.Wish, a.Align)
		if err != nil {
			return nil // another wish took its place
		}
		return plansMsg{gen, dialog.Solved{Wish: a.Wish, Plans: plans, No: no}}
	}
}

// discover looks for tools, for the editor itself and for a target.
func discover(b Backend) tea.Cmd {
	return func() tea.Msg { return discoveredMsg{env: b.Discover()} }
}

func discoverFor(t Target, gen int) tea.Cmd {
	return func() tea.Msg { return discoveredMsg{gen: gen, env: t.Discover()} }
}

// These answer the picker.

func listDir(b Backend, dir string) tea.Cmd {
	return func() tea.Msg {
		path, list, err := b.List(dir)
		return foundMsg{dialog.Listing{Dir: dir, Path: path, Entries: list, Err: err}}
	}
}

func listDevices(b Backend) tea.Cmd {
	return func() tea.Msg { return foundMsg{dialog.Devices{List: b.BlockDevices()}} }
}

func listRecent(b Backend) tea.Cmd {
	return func() tea.Msg { return foundMsg{dialog.Recents{List: b.Recent()}} }
}

func summarize(b Backend, paths []string) tea.Cmd {
	return func() tea.Msg { return foundMsg{dialog.Summaries{List: b.Summarize(paths)}} }
}

// greet asks whether nobody was told yet how to begin.
func greet(b Backend) tea.Cmd {
	return func() tea.Msg { return greetMsg{b.Greet()} }
}

// Clock makes a command that sends what fn returns after d.
type Clock func(d time.Duration, fn func() tea.Msg) tea.Cmd

// wallClock is the Clock of the real world.
func wallClock(d time.Duration, fn func() tea.Msg) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return fn() })
}
