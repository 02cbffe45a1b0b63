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

// This file and save.go hold every command of the editor. Nothing else in this package does I/O, waits, or calls a method
// of Target or Run that may block.

func openTarget(b Backend, clock Clock, path string, gen int) tea.Cmd {
	words := make(chan string, 1)
	opening := func() tea.Msg {
		var seen scanResult
		target, err := b.Open(path, latestOf(words))
		if err == nil {
			seen = scanOf(target)
			seen.last = target.Last()
		}
		return result(func(m Model) (Model, tea.Cmd) { return m.opened(gen, target, seen, err) })
	}
	return tea.Batch(opening, waitOpening(clock, words, gen))
}

// latestOf returns a function that puts a value into a channel with room for one, replacing a value that was not read yet.
func latestOf[T any](latest chan T) func(value T) {
	return func(value T) {
		select {
		case <-latest:
		default:
		}
		select {
		case latest <- value:
		default: // a newer one is there already
		}
	}
}

// waitOpening shows the current step of opening a target after a moment, unless the target is open by then.
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

func scanOf(t Target) scanResult {
	return scanResult{facts: t.Facts(), disk: t.Disk(), env: t.Env(), unfinished: t.Unfinished(), committing: t.Committing()}
}

// rescan reads a target again after a run. If the run was interrupted, the result also holds how it ended (Target.Last).
func rescan(t Target, gen int, interrupted bool) tea.Cmd {
	return func() tea.Msg {
		err := t.Rescan()
		seen := scanOf(t)
		if err == nil && interrupted {
			seen.last = t.Last()
		}
		return forTarget(gen, func(m Model, i int) (Model, tea.Cmd) { return m.rescanned(i, seen, err).undoFurther(i) })
	}
}

func closeTarget(t Target) tea.Cmd {
	if t == nil {
		return nil
	}
	return background(func() { _ = t.Close() }) // nothing was written: a failure to unlock loses no data
}

// startRun starts a run. If nobody has a use for it by then, it is cancelled.
func startRun(gen int, start func() (Run, error)) tea.Cmd {
	return func() tea.Msg {
		run, err := start()
		return result(func(m Model) (Model, tea.Cmd) {
			if i, ok := m.byRun(gen); ok {
				return m.started(i, run, err)
			}
			if i, ok := m.byAhead(gen); ok {
				return m.startedAhead(i, run, err)
			}
			if err != nil {
				return m, nil
			}
			return m, background(run.Cancel)
		})
	}
}

// background calls a function that has no result.
func background(do func()) tea.Cmd {
	if do == nil {
		return nil
	}
	return func() tea.Msg {
		do()
		return nil
	}
}

// follow watches a run. Snapshots, the report and the result arrive as separate messages.
func follow(r Run, gen int) tea.Cmd {
	return tea.Batch(
		waitProgress(r, gen),
		func() tea.Msg {
			report, ok := r.Report()
			return forRun(gen,
				func(m Model, i int) (Model, tea.Cmd) { return m.reported(i, report, ok) },
				func(m Model, i int) (Model, tea.Cmd) { return m.reportedAhead(i, report, ok), nil })
		},
		func() tea.Msg {
			end, log := r.Result(), r.Log()
			return forRun(gen,
				func(m Model, i int) (Model, tea.Cmd) { return m.ended(i, end, log) },
				func(m Model, i int) (Model, tea.Cmd) { return m.endedAhead(i, end, log), nil })
		},
	)
}

// waitProgress waits for the next snapshot; after the last one it returns no message.
func waitProgress(r Run, gen int) tea.Cmd {
	return func() tea.Msg {
		progress, ok := <-r.Updates()
		if !ok {
			return nil
		}
		log := r.Log()
		return forRun(gen,
			func(m Model, i int) (Model, tea.Cmd) { return m.progressed(i, progress, log) },
			func(m Model, i int) (Model, tea.Cmd) { return m.progressedAhead(i, progress, log) })
	}
}

func mountPart(d document, a dialog.Mount) tea.Cmd {
	how := "read-only"
	if a.Access == model.ReadWrite {
		how = "for reading and writing"
	}
	return mountAndRescan(d, func(end *attachment) {
		dir, err := d.target.Mount(a.ID, a.Access)
		if end.err = err; err == nil {
			end.mounts[a.ID] = dir
		}
		end.message, end.brief = fmt.Sprintf("Mounted %s at %s", how, dir), "Mounted "+how+"; M unmounts it"
	})
}

func unmountPart(d document, id model.PartID) tea.Cmd {
	return mountAndRescan(d, func(end *attachment) {
		dir, err := d.target.Unmount(id)
		if end.err = err; err == nil {
			end.mounts[id] = ""
		}
		end.message = "Unmounted from " + dir
	})
}

// mountAndRescan mounts or unmounts partitions, and reads the target again.
func mountAndRescan(d document, do func(end *attachment)) tea.Cmd {
	return func() tea.Msg {
		end := attachment{path: d.path, target: d.target, mounts: map[model.PartID]string{}}
		do(&end)
		end.lost = d.target.Rescan()
		end.seen = scanOf(d.target)
		return forTarget(d.gen, func(m Model, _ int) (Model, tea.Cmd) { return m.mountEnded(d.gen, end) })
	}
}

// replaceTarget closes a target, because an image and its loop device cannot both be open, and opens the target that become
// returns. If become fails, it opens the old target again. said is a format with the new path as its argument, and next
// what can be done then.
func replaceTarget(b Backend, d document, become func(path string) (string, error), said, next string) tea.Cmd {
	return func() tea.Msg {
		end := attachment{path: d.path}
		if end.err = d.target.Close(); end.err == nil {
			var path string
			if path, end.err = become(d.facts.Path); end.err == nil {
				end.path, end.message, end.next = path, d.name()+" is "+fmt.Sprintf(said, path), next
			}
		}
		if end.target, end.lost = b.Open(end.path, func(string) {}); end.lost == nil {
			end.seen = scanOf(end.target)
		}
		return result(func(m Model) (Model, tea.Cmd) { return m.dropClip(d.gen).mountEnded(d.gen, end) })
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
			return nil // a newer search replaced this one
		}
		return plansFound(gen, dialog.Solved{Wish: a.Wish, Plans: plans, No: no})
	}
}

// discover finds the tools of this machine for the editor itself; discoverFor finds them for a target.
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

// answerDialogs passes the answer to a request to all dialogs.
func answerDialogs(what tea.Msg) result {
	return func(m Model) (Model, tea.Cmd) { return m.toDialogs(what) }
}

// listDir lists the directory at where for a dialog that asked for dir.
func listDir(b Backend, dir, where string) tea.Cmd {
	return func() tea.Msg {
		path, list, err := b.List(where)
		return answerDialogs(dialog.Listing{Dir: dir, Path: path, Entries: list, Err: err})
	}
}

// greet shows a short introduction to a first-time user.
func greet(b Backend) tea.Cmd {
	return func() tea.Msg {
		first := b.Greet()
		return result(func(m Model) (Model, tea.Cmd) { return m.showGreeting(first), nil })
	}
}

// Clock makes a command that sends what fn returns after d.
type Clock func(d time.Duration, fn func() tea.Msg) tea.Cmd

// wallClock is the Clock that measures real time.
func wallClock(d time.Duration, fn func() tea.Msg) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return fn() })
}
