package tui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"shunt/geometry"
	"shunt/model"
	"shunt/ops/report"
	"shunt/tui/dialog"
	"shunt/tui/widget"
)

// copying is a copy out of a file system while it is under way. The zero value is none.
type copying struct {
	gen    int // generation of its messages, 0 if there is none
	name   string
	wish   dialog.CopyOut
	now    copied
	giveUp context.CancelFunc
	// stopping is set when the user asks to stop.
	stopping bool
}

// copied is how far a copy is.
type copied struct {
	path  string // the file that is being written
	bytes int64
}

func (c copying) active() bool { return c.gen != 0 }

// copiesAlready returns why no other copy can begin, or "" if one can.
func copiesAlready(m Model, _ document) model.Reason {
	if m.copying.active() {
		return model.Because("%s is being copied: press esc to stop it", m.copying.name)
	}
	return ""
}

// stopCopyBinding returns the binding that stops a copy. It comes before the one that closes the page.
func stopCopyBinding() binding {
	return on("esc", "stop copying", noTarget(Model.stopCopy), "esc").unless(func(m Model, _ document) model.Reason {
		if !m.copying.active() {
			return "Nothing is being copied"
		}
		return ""
	})
}

// notListed returns why no entry of the list can be copied, or "" if one is selected that can.
func notListed(m Model, _ document) model.Reason {
	if m.files.at >= len(m.files.list.Entries) {
		return "There is nothing to copy here"
	}
	if m.files.list.Entries[m.files.at].Kind == report.FileOther {
		return "Files, directories and links can be copied; this is a device, a pipe or a socket"
	}
	return ""
}

func (m Model) askCopyListed(document) Model { return m.askCopy(m.files.list.Entries[m.files.at]) }

func (m Model) askCopyShown(document) Model { return m.askCopy(m.files.shown.entry) }

// askCopy asks for the path of a copy of an entry of the listed directory.
func (m Model) askCopy(e report.FileEntry) Model {
	name, size := widget.Clean(e.Name), int64(-1)
	if e.Kind == report.FileRegular {
		size = int64(e.Size)
	}
	return m.push(dialog.NewCopyOut(name, filepath.Join(m.Dir, e.Name), e.Kind == report.FileDirectory, dialog.CopyOut{
		ID: m.files.part, Size: size, Path: strings.Join(append(slices.Clone(m.files.dirs), e.Exact()), "/"),
	}))
}

// copyOut begins a copy.
func (m Model) copyOut(d document, wish dialog.CopyOut) (Model, tea.Cmd) {
	if no := copiesAlready(m, d); !no.OK() {
		return m.say(toneWarn, string(no)), nil
	}
	m.gen++
	ctx, cancel := context.WithCancel(context.Background())
	wish.Dest = m.homed(wish.Dest)
	m.copying = copying{gen: m.gen, name: widget.Clean(path.Base(wish.Path)), wish: wish, giveUp: cancel}
	latest := make(chan copied, 1)
	return m, tea.Batch(copyFiles(ctx, d.target, wish, latest, m.gen), waitCopied(m.Clock, latest, m.gen))
}

func copyFiles(ctx context.Context, t Target, wish dialog.CopyOut, latest chan copied, gen int) tea.Cmd {
	return func() tea.Msg {
		put := latestOf(latest)
		out, err := t.CopyOut(ctx, CopyOut{
			Part: wish.ID, Path: wish.Path, Dest: wish.Dest, Over: wish.Over,
			Tell: func(path string, bytes int64) { put(copied{path, bytes}) },
		})
		return result(func(m Model) (Model, tea.Cmd) {
			if m.copying.gen != gen {
				return m, nil
			}
			return m.copyEnded(out, err)
		})
	}
}

// waitCopied shows from time to time how far the copy is.
func waitCopied(clock Clock, latest <-chan copied, gen int) tea.Cmd {
	const often = 200 * time.Millisecond
	return clock(often, func() tea.Msg {
		now, told := copied{}, false
		select {
		case now = <-latest:
			told = true
		default:
		}
		return result(func(m Model) (Model, tea.Cmd) {
			if m.copying.gen != gen {
				return m, nil
			}
			if told {
				m.copying.now = now
			}
			return m, waitCopied(clock, latest, gen)
		})
	})
}

func (m Model) stopCopy() (Model, tea.Cmd) {
	m.copying.stopping = true
	return m, background(m.copying.giveUp)
}

// copyEnded says what became of a copy. What was left out is listed in a dialog.
func (m Model) copyEnded(out report.CopiedOut, err error) (Model, tea.Cmd) {
	c := m.copying
	m.copying = copying{}
	done := background(c.giveUp)
	if errors.Is(err, fs.ErrExist) {
		c.wish.Dest, c.wish.Over = out.To, true
		text := widget.Clean(out.To) + " exists already. Nothing was written yet."
		return m.pushWhenFree(dialog.NewAsk("Overwrite?", dialog.Warning, []string{
			text, "A file is replaced by the copy. In a directory, files of the same names are replaced and all others stay.",
		}, dialog.YesNo("Leave it", "Overwrite", widget.Writes, c.wish)...)), done
	}
	var text []string
	if err == nil || out.Any() {
		text = append(text, fmt.Sprintf("%s copied to %s.", out.Copied, widget.Clean(out.To)))
	}
	if err != nil {
		text = append(text, sentence(err)+".")
	}
	text = append(text, leftWords(out)...)
	if len(text) == 1 && err == nil {
		return m.say(toneGood, strings.TrimSuffix(text[0], ".")), done
	}
	title, tone := "Copied", dialog.Calm
	switch {
	case c.stopping:
		title = "Stopped"
	case err != nil:
		title, tone = "Not copied", dialog.Warning
	case out.Problems > 0:
		title, tone = "Not everything was copied", dialog.Warning
	}
	return m.pushWhenFree(dialog.NewMessage(title, tone, text...)), done
}

// leftWords lists what a copy lacks, the first few of it.
func leftWords(out report.CopiedOut) []string {
	const few = 5
	list := out.Left[:min(few, len(out.Left))]
	text := make([]string, 0, few+1)
	for _, left := range list {
		text = append(text, widget.Clean(left)+".")
	}
	if more := len(out.Left) - len(list) + out.More; more > 0 {
		text = append(text, fmt.Sprintf("And %d more.", more))
	}
	return text
}

// copyingLines returns the lines that show the copy under way, or none.
func (m Model) copyingLines(width int) []string {
	c, b := m.copying, m.block(width)
	if !c.active() {
		return nil
	}
	done := ": " + geometry.FormatBytes(geometry.Bytes(c.now.bytes)) + " so far"
	if c.wish.Size > 0 {
		done = ": " + geometry.FormatBytes(geometry.Bytes(c.now.bytes)) + " of " + geometry.FormatBytes(geometry.Bytes(c.wish.Size))
	}
	text := "Copying " + c.words(width-widget.Width("Copying "+done), m.st.More) + done
	if c.stopping {
		text = "Stopping the copy of " + c.name + m.st.More
	}
	b.wrap(m.st.Focus, text)
	if c.wish.Size > 0 {
		b.add(widget.Gauge(float64(c.now.bytes)/float64(c.wish.Size), width, m.st))
	} else if c.now.path != "" {
		b.add(m.st.Muted.Render(widget.Fit(widget.Clean(c.now.path), width, m.st.More)))
	}
	b.add("")
	return b.lines
}

// words say what is copied and where to. A copy of the same name has its name once. A name that is too long for one line of the
// given width is cut: the list has it.
func (c copying) words(width int, more string) string {
	const shortest = 12 // columns of the name
	to := widget.Clean(c.wish.Dest)
	if path.Base(to) == c.name {
		if to = path.Dir(to); to == "." {
			return widget.Fit(c.name, min(widget.Width(c.name), max(shortest, width)), more)
		}
	}
	room := max(shortest, width-widget.Width(" to "+to))
	return widget.Fit(c.name, min(widget.Width(c.name), room), more) + " to " + to
}

// homed returns a path with the home directory in place of a "~" at its begin.
func (m Model) homed(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && m.Home != "" && (rest == "" || rest[0] == '/') {
		return m.Home + rest
	}
	return path
}
