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

// This file and save.go hold every command of the program: nothing else in this package does I/O, waits, or calls
// a method of a Target or a Run that may block.

func openTarget(b Backend, clock Clock, path string, gen int) tea.Cmd {
	words := make(chan string, 1)
	opening := func() tea.Msg {
		var seen sight
		target, err := b.Open(path, latestOf(words))
		if err == nil {
			seen = look(target)
			seen.last = target.Last()
		}
		return result(func(m Model) (Model, tea.Cmd) { return m.opened(gen, target, seen, err) })
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
		what := ""
		select {
		case what = <-words:
		default:
		}
		return forTarget(gen, func(m Model, i int) (Model, tea.Cmd) { return m.stillOpening(i, what, words) })
	})
}

func look(t Target) sight {
	return sight{facts: t.Facts(), disk: t.Disk(), env: t.Env(), unfinished: t.Unfinished(), committing: t.Committing()}
}

// rescan reads a target again after a run. One that was interrupted may have been ended by that, which is told once.
func rescan(t Target, gen int, interrupted bool) tea.Cmd {
	return func() tea.Msg {
		err := t.Rescan()
		seen := look(t)
		if err == nil && interrupted {
			seen.last = t.Last()
		}
		return forTarget(gen, func(m Model, i int) (Model, tea.Cmd) { return m.rescanned(i, seen, err), nil })
	}
}

func closeTarget(t Target) tea.Cmd {
	if t == nil {
		return nil
	}
	return background(func() { _ = t.Close() }) // it was only looked at: a failure to unlock it loses nothing
}

func startRun(gen int, start func() (Run, error)) tea.Cmd {
	return func() tea.Msg {
		run, err := start()
		return forRun(gen, func(m Model, i int) (Model, tea.Cmd) { return m.started(i, run, err) })
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
			return forRun(gen, func(m Model, i int) (Model, tea.Cmd) { return m.reported(i, report, ok) })
		},
		func() tea.Msg {
			end, log := r.Result(), r.Log()
			return forRun(gen, func(m Model, i int) (Model, tea.Cmd) { return m.ended(i, end, log) })
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
		log := r.Log()
		return forRun(gen, func(m Model, i int) (Model, tea.Cmd) { return m.progressed(i, progress, log) })
	}
}

func mountPart(d document, a dialog.Mount) tea.Cmd {
	how := "read-only"
	if a.Access == model.ReadWrite {
		how = "for reading and writing"
	}
	return mounting(d, a.ID, func(end *attachment) {
		end.dir, end.err = d.target.Mount(a.ID, a.Access)
		end.said = fmt.Sprintf("Mounted %s at %s; M unmounts it", how, end.dir)
	})
}

func unmountPart(d document, id model.PartID) tea.Cmd {
	return mounting(d, id, func(end *attachment) {
		var dir string
		dir, end.err = d.target.Unmount(id)
		end.said = "Unmounted from " + dir
	})
}

// mounting mounts or unmounts a partition and reads the target again.
func mounting(d document, id model.PartID, do func(end *attachment)) tea.Cmd {
	return func() tea.Msg {
		end := attachment{path: d.path, target: d.target, part: id}
		do(&end)
		end.lost = d.target.Rescan()
		end.seen = look(d.target)
		return forTarget(d.gen, func(m Model, _ int) (Model, tea.Cmd) { return m.attached(d.gen, end) })
	}
}

// exchange closes a target, as nobody can have both an image and its loop device, and opens what it becomes; if it
// becomes nothing, it opens it again. said has a place for the path of what was opened.
func exchange(b Backend, d document, become func(path string) (string, error), said string) tea.Cmd {
	return func() tea.Msg {
		end := attachment{path: d.path}
		if end.err = d.target.Close(); end.err == nil {
			var path string
			if path, end.err = become(d.facts.Path); end.err == nil {
				end.path, end.said = path, d.name()+" is "+fmt.Sprintf(said, path)
			}
		}
		if end.target, end.lost = b.Open(end.path, func(string) {}); end.lost == nil {
			end.seen = look(end.target)
		}
		return result(func(m Model) (Model, tea.Cmd) { return m.dropClip(d.gen).attached(d.gen, end) })
	}
}

func inform(ctx context.Context, t Target, id model.PartID, gen int) tea.Cmd {
	return func() tea.Msg {
		sheet, err := t.Inform(ctx, id)
		return result(func(m Model) (Model, tea.Cmd) { return m.informed(gen, sheet, err), nil })
	}
}

func listFiles(ctx context.Context, t Target, id model.PartID, dir string, gen int) tea.Cmd {
	return func() tea.Msg {
		list, err := t.List(ctx, id, dir)
		return result(func(m Model) (Model, tea.Cmd) { return m.listed(gen, list, err), nil })
	}
}

func findPlans(ctx context.Context, a dialog.Solve, gen int) tea.Cmd {
	return func() tea.Msg {
		plans, no, err := guide.Find(ctx, a.Queue, a.Wish, a.Align)
		if err != nil {
			return nil // another wish took its place
		}
		return found(gen, dialog.Solved{Wish: a.Wish, Plans: plans, No: no})
	}
}

// discover looks for tools, for the editor itself and for a target.
func discover(b Backend) tea.Cmd {
	return func() tea.Msg {
		env := b.Discover()
		return result(func(m Model) (Model, tea.Cmd) { return m.discovered(env), nil })
	}
}

func discoverFor(t Target, gen int) tea.Cmd {
	return func() tea.Msg {
		env := t.Discover()
		return forTarget(gen, func(m Model, i int) (Model, tea.Cmd) { return m.rejudged(i, env), nil })
	}
}

// These answer the picker.

// answer brings a dialog what it asked for.
func answer(what tea.Msg) result {
	return func(m Model) (Model, tea.Cmd) { return m.toDialogs(what) }
}

func listDir(b Backend, dir string) tea.Cmd {
	return func() tea.Msg {
		path, list, err := b.List(dir)
		return answer(dialog.Listing{Dir: dir, Path: path, Entries: list, Err: err})
	}
}

func listDevices(b Backend) tea.Cmd {
	return func() tea.Msg { return answer(dialog.Devices{List: b.BlockDevices()}) }
}

func listRecent(b Backend) tea.Cmd {
	return func() tea.Msg { return answer(dialog.Recents{List: b.Recent()}) }
}

func summarize(b Backend, paths []string) tea.Cmd {
	return func() tea.Msg { return answer(dialog.Summaries{List: b.Summarize(paths)}) }
}

// greet asks whether nobody was told yet how to begin.
func greet(b Backend) tea.Cmd {
	return func() tea.Msg {
		first := b.Greet()
		return result(func(m Model) (Model, tea.Cmd) { return m.greeted(first), nil })
	}
}

// Clock makes a command that sends what fn returns after d.
type Clock func(d time.Duration, fn func() tea.Msg) tea.Cmd

// wallClock is the Clock of the real world.
func wallClock(d time.Duration, fn func() tea.Msg) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return fn() })
}
