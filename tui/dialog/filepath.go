package dialog

import (
	"path"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/model/tried"
	"shunt/ops"
	"shunt/ops/report"
	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// filePath asks for the path of a file.
type filePath struct {
	title, text string
	does        string // what Enter does
	path        typedPath
	recent      []string // other paths that can be chosen
	at          int      // the chosen one of them, from 1; 0 is what was typed
	typed       string
	proposal    string // it gives way to the first recent path, "" for one that does not
	action      func(path string) Action
}

// maxPath is the greatest length of a path in characters.
const maxPath = 1024

// NewPath returns the dialog for the path of a file to save, with a proposal.
func NewPath(what SaveWhat, title, text, proposal string) Dialog {
	return newForm(filePath{
		title: title, text: text, does: "save", path: newPath(proposal),
		action: func(path string) Action { return Save{What: what, Path: path} },
	})
}

// NewSaveAndLeave returns the dialog for the path of the plan that is saved before the program ends.
func NewSaveAndLeave(proposal string) Dialog {
	return newForm(filePath{
		title: "Save the plan and leave", text: "Writes the pending operations as a plan file, and ends the program.",
		does: "save and leave", path: newPath(proposal),
		action: func(path string) Action { return Save{What: SavePlan, Path: path, Leave: true} },
	})
}

// NewOpenPlan returns the dialog for the path of a plan file to read, with a proposal.
func NewOpenPlan(proposal string) Dialog {
	return newForm(filePath{
		title: "Open plan", text: "Adds the operations of a plan file to the pending ones. Nothing is written to the target.",
		does: "open", path: newPath(proposal), proposal: proposal,
		action: func(path string) Action { return OpenPlan{Path: path} },
	})
}

// NewOpenTable returns the dialog for the path of a saved partition table, with a proposal.
func NewOpenTable(proposal string) Dialog {
	return newForm(filePath{
		title: "Restore a partition table",
		text: "Puts a saved table in place of the present one: a file of `shunt table save` or `sfdisk --dump`. It becomes a pending " +
			"operation; what lies in partitions is never touched.",
		does: "restore", path: newPath(proposal),
		action: func(path string) Action { return OpenTable{Path: path} },
	})
}

// NewCopyOut returns the dialog for the path of a copy of a file or directory, with a proposal. name is the one it has now.
func NewCopyOut(name, proposal string, directory bool, c CopyOut) Dialog {
	does := "Copies it."
	if directory {
		does = "Copies it, with everything below it."
	}
	return newForm(filePath{
		title: "Copy " + name + " out", does: "copy", path: newPath(proposal),
		text: does + " A path that does not begin with / " +
			"starts where shunt was started. A directory that exists gets the copy inside it.",
		action: func(path string) Action {
			c.Dest = path
			return c
		},
	})
}

// RecentPlans answers the question for the plan files that were used lately.
type RecentPlans struct{ Paths []string }

// mostRecent is how many recent paths are offered.
const mostRecent = 6

func (s *filePath) check() {}

// take handles the recent paths and the keys that choose one of them.
func (s *filePath) take(msg tea.Msg) (action Action, used bool) {
	switch msg := msg.(type) {
	case RecentPlans:
		proposal := s.path.field.Value()
		s.recent = msg.Paths[:min(len(msg.Paths), mostRecent)]
		if len(s.recent) > 0 && proposal == s.proposal && !slices.Contains(msg.Paths, proposal) {
			s.choose(1) // the proposed file is probably not there
		}
		return nil, true
	case tea.KeyPressMsg:
		step := 0
		switch {
		case keymap.Match(msg, keymap.Bind("", "", "down")):
			step = 1
		case keymap.Match(msg, keymap.Bind("", "", "up")):
			step = -1
		}
		if step != 0 && len(s.recent) > 0 {
			s.choose(min(max(0, s.at+step), len(s.recent)))
			return nil, true
		}
	}
	return s.path.take(msg)
}

// choose puts a recent path into the field, or with 0 what was typed.
func (s *filePath) choose(at int) {
	if s.at == 0 {
		s.typed = s.path.field.Value()
	}
	s.at = at
	text := s.typed
	if at > 0 {
		text = s.recent[at-1]
	}
	s.path.field = s.path.field.Set(text).Touch()
	s.path.asked, s.path.says = "", ""
}

// recentRow returns the row with the recent paths.
func (s *filePath) recentRow() row {
	return shown(func(p paper) []string {
		if len(s.recent) == 0 {
			return nil
		}
		lines := []string{"", p.st.Muted.Render("Used lately (" + p.st.KeyName("↑↓") + ")")}
		for i, path := range s.recent {
			text := widget.Fit(widget.Clean(path), p.width-2, p.st.More)
			if i+1 == s.at {
				lines = append(lines, p.st.Strong.Render(p.st.Pick+" "+text))
				continue
			}
			lines = append(lines, "  "+p.st.Text.Render(text))
		}
		return lines
	})
}

func (s *filePath) layout() layout {
	return layout{
		title: s.title, rows: []row{hint(s.text, 5), blank(), pathField(&s.path.field), s.path.matches(), s.recentRow()}, first: s.take,
		does: s.does, more: []keymap.Binding{keyComplete(), keyClear()},
		accept: func() Action {
			if s.path.field.Value() == "" {
				return nil
			}
			return s.action(s.path.field.Value())
		},
	}
}

// typedPath is a field for a path. The tab key completes it, as a shell does.
type typedPath struct {
	field widget.Field
	asked string // the directory whose entries were asked for, "" for none
	says  string // what the completion found
}

func newPath(proposal string) typedPath {
	return typedPath{field: widget.NewField(proposal, maxPath).Touch()}
}

// take handles the tab key and the listing that answers it.
func (t *typedPath) take(msg tea.Msg) (action Action, used bool) {
	switch msg := msg.(type) {
	case Listing:
		if t.asked != "" && msg.Dir == t.asked {
			t.asked = ""
			t.complete(msg)
		}
		return nil, true
	case tea.KeyPressMsg:
		t.asked, t.says = "", ""
		if keymap.Match(msg, keyNext()) {
			dir, _ := path.Split(t.field.Value())
			t.asked = "./"
			if dir != "" {
				t.asked = dir
			}
			return List{Dir: t.asked}, true
		}
	case tea.PasteMsg:
		t.asked, t.says = "", ""
	}
	return nil, false
}

// complete extends the path as far as all names agree that begin with its last part.
func (t *typedPath) complete(l Listing) {
	dir, name := path.Split(t.field.Value())
	begin := slices.DeleteFunc(slices.Clone(l.Entries), func(c report.Candidate) bool {
		return !strings.HasPrefix(c.Name, name) || name == "" && strings.HasPrefix(c.Name, ".")
	})
	switch {
	case l.Err != nil:
		t.says = ops.Capital(widget.Clean(tried.Text(l.Err)))
		return
	case len(begin) == 0:
		t.says = "No name begins like this: it is a new one."
		return
	}
	common := commonPrefix(begin)
	if len(begin) == 1 && begin[0].Kind == report.CandidateDir && common == begin[0].Name {
		common += "/"
	}
	if len(common) >= len(name) {
		t.field = t.field.Set(dir + common).Touch()
	}
	if len(begin) > 1 {
		var names []string
		for _, c := range begin {
			names = append(names, widget.Clean(c.Name))
		}
		slices.Sort(names)
		t.says = strings.Join(names, "  ")
	}
}

// matches returns the row with the names that begin with the typed text.
func (t *typedPath) matches() row {
	const most = 3
	return shown(func(p paper) []string {
		if t.says == "" {
			return nil
		}
		return append([]string{""}, notes(t.says, p.width, most, p.st.Muted, p.st)...)
	})
}

func keyComplete() keymap.Binding { return keymap.Bind("tab", "complete", "tab") }
