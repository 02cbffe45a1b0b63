package dialog

import (
	"math"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/tui/keymap"
	"shunt/tui/widget"
)

// Answer is one button of a question.
type Answer struct {
	Label  string
	Key    keymap.Binding // gives this answer directly
	Risk   widget.Risk
	Action Action
}

// ask is a question with buttons. The first answer is the safe one: Escape gives it, and so does Enter unless another
// button is chosen.
type ask struct {
	title   string
	text    []string // paragraphs
	loss    string   // a warning below the first paragraph, "" for none
	answers []Answer
	tone    Tone
	chosen  int
}

// NewAsk returns a question with the given paragraphs and at least one answer.
func NewAsk(title string, tone Tone, text []string, answers ...Answer) Dialog {
	return newForm(ask{title: title, text: text, answers: answers, tone: tone})
}

// NewLoss returns a question with a warning, about what would be lost, below the first of its paragraphs.
func NewLoss(title, loss string, text []string, answers ...Answer) Dialog {
	return newForm(ask{title: title, text: text, loss: loss, answers: answers, tone: Warning})
}

// NewMessage returns a dialog that shows a text until it is closed.
func NewMessage(title string, tone Tone, text ...string) Dialog {
	return NewAsk(title, tone, text, closes())
}

// NewLossMessage is NewMessage with a warning, about what would be lost, below the first text.
func NewLossMessage(title, loss string, text ...string) Dialog {
	return NewLoss(title, loss, text, closes())
}

func closes() Answer {
	return Answer{Label: "OK", Key: keymap.Bind("", "", "enter"), Action: Close{}}
}

// NewLate returns what takes the place of a question that can no longer be answered. Only the keys of the safe answer close it.
func NewLate(title, text string) Dialog {
	return NewAsk(title, Warning, []string{text}, Answer{Label: "OK", Key: keymap.Bind("", "", "enter", "n", "N"), Action: Close{}})
}

// YesNo returns two answers: a safe no, and a yes with an action.
func YesNo(no, yes string, risk widget.Risk, action Action) []Answer {
	return []Answer{{Label: no, Key: keyNo(no), Action: Close{}}, {Label: yes, Key: keyYes(yes), Risk: risk, Action: action}}
}

// GoOnStop returns the answers to the question whether to stop a run. The key for stopping is s and not y: if a rehearsal
// ends just before the key is pressed, y would apply the plan.
func GoOnStop(risk widget.Risk) []Answer {
	answers := YesNo("Go on", "Stop", risk, StopRun{})
	answers[1].Key = keymap.Bind("s", "Stop", "s", "S")
	return answers
}

func (a *ask) check() {}

func (a *ask) layout() layout {
	rows := paragraphs(a.text, math.MaxInt)
	if a.loss != "" {
		rows = slices.Insert(rows, 1, warning(a.loss))
	}
	l := layout{
		title: a.title, tone: a.tone, width: 60, rows: append(rows, answerRow(a.answers, &a.chosen)),
		first:  func(msg tea.Msg) (Action, bool) { return pressed(a.answers, msg) },
		accept: func() Action { return a.answers[a.chosen].Action }, does: "answer",
		cancel: a.answers[0].Action, esc: strings.ToLower(a.answers[0].Label[:1]) + a.answers[0].Label[1:],
		keys: []keymap.Binding{keyChoose()},
	}
	if len(a.answers) == 1 {
		l.keys, l.does, l.esc = nil, "close", noWord
	}
	return l
}

// warning returns a row with a warning and an empty line below it.
func warning(text string) row {
	return shown(func(p paper) []string { return append(notes(text, p.width, math.MaxInt, p.st.Warn, p.st), "") })
}

// paragraphs returns rows for texts with an empty line below each. Each text is cut to the given number of lines.
func paragraphs(texts []string, height int) (rows []row) {
	for _, text := range texts {
		rows = append(rows, shown(func(p paper) []string {
			return append(notes(text, p.width, height, p.st.Text, p.st), "")
		}))
	}
	return rows
}

// answerRow returns the row of buttons.
func answerRow(answers []Answer, chosen *int) row {
	keys := []keymap.Binding{
		keyLeft().As("previous answer"), keyRight().As("next answer"), keyPrevious().As("previous answer"), keyNext().As("next answer"),
	}
	for _, a := range answers {
		keys = append(keys, a.Key.As(a.Label))
	}
	return row{
		stop: stopButtons, about: about{keys: keys},
		draw: func(p paper) drawing {
			var buttons []widget.Button
			for _, a := range answers {
				buttons = append(buttons, widget.Button{Label: a.Label, Key: a.Key.Help().Key, Risk: a.Risk})
			}
			spots := widget.Buttons(buttons, *chosen, p.here, p.st)
			return drawing{lines: []string{widget.Line(spots)}, spots: spots}
		},
		take: func(msg tea.Msg) Action {
			press, _ := msg.(tea.KeyPressMsg)
			switch n := len(answers); {
			case keymap.Match(press, keyNext(), keyRight()):
				*chosen = (*chosen + 1) % n
			case keymap.Match(press, keyPrevious(), keyLeft()):
				*chosen = (*chosen + n - 1) % n
			}
			return nil
		},
	}
}

// pressed returns the action of the answer whose key was pressed; used is false if the message is not such a key.
func pressed(answers []Answer, msg tea.Msg) (action Action, used bool) {
	press, _ := msg.(tea.KeyPressMsg)
	for _, a := range answers {
		if keymap.Match(press, a.Key) {
			return a.Action, true
		}
	}
	return nil, false
}
