package dialog

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"shunt/tui/keymap"
	"shunt/tui/styles"
	"shunt/tui/widget"
)

// Answer is one button of a question.
type Answer struct {
	Label  string
	Key    keymap.Binding // presses it at once
	Risk   widget.Risk
	Action Action
}

// Ask is a question with buttons. The first answer is the safe one: Escape gives it, and it is the one
// that Enter presses unless another is chosen.
type Ask struct {
	title   string
	text    []string // paragraphs
	answers []Answer
	tone    Tone
	chosen  int
}

// NewAsk is a question of the given paragraphs; there is at least one answer.
func NewAsk(title string, tone Tone, text []string, answers ...Answer) Ask {
	return Ask{title: title, text: text, answers: answers, tone: tone}
}

// NewMessage tells something that has to be read.
func NewMessage(title string, tone Tone, text ...string) Ask {
	return NewAsk(title, tone, text, Answer{Label: "OK", Key: keymap.Bind("", "", "enter"), Action: Close{}})
}

// YesNo is the pair of answers of a question whose yes does something.
func YesNo(no, yes string, risk widget.Risk, action Action) []Answer {
	return []Answer{
		{Label: no, Key: keymap.Bind("n", no, "n", "N"), Action: Close{}},
		{Label: yes, Key: keymap.Bind("y", yes, "y", "Y"), Risk: risk, Action: action},
	}
}

// GoOnStop is the pair of answers to whether to stop what is running. Its yes has a key of its own: y applies a plan, and a
// rehearsal may end while somebody is about to stop it.
func GoOnStop(risk widget.Risk) []Answer {
	const goOn, stop = "Go on", "Stop"
	return []Answer{
		{Label: goOn, Key: keymap.Bind("n", goOn, "n", "N"), Action: Close{}},
		{Label: stop, Key: keymap.Bind("s", stop, "s", "S"), Risk: risk, Action: StopRun{}},
	}
}

// Update chooses or gives an answer.
func (a Ask) Update(msg tea.Msg) (Dialog, Action) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return a, nil
	}
	for _, answer := range a.answers {
		if keymap.Match(press, answer.Key) {
			return a, answer.Action
		}
	}
	n := len(a.answers)
	switch {
	case keymap.Match(press, keyAccept("")):
		return a, a.answers[a.chosen].Action
	case keymap.Match(press, keyCancel()):
		return a, a.answers[0].Action
	case keymap.Match(press, keyNext(), keyRight()):
		a.chosen = (a.chosen + 1) % n
	case keymap.Match(press, keyPrevious(), keyLeft()):
		a.chosen = (a.chosen + n - 1) % n
	}
	return a, nil
}

// View is the text and the buttons.
func (a Ask) View(width, _ int, st *styles.Styles) View {
	w := min(width, 60)
	var lines []string
	for i, p := range a.text {
		if i > 0 {
			lines = append(lines, "")
		}
		for _, line := range widget.Wrap(p, w) {
			lines = append(lines, st.Text.Render(line))
		}
	}
	var buttons []widget.Button
	for _, answer := range a.answers {
		buttons = append(buttons, widget.Button{Label: answer.Label, Key: answer.Key.Help().Key, Risk: answer.Risk})
	}
	return View{Title: a.title, Width: w, Lines: append(lines, ""), Tone: a.tone, Buttons: buttons, Chosen: a.chosen}
}

// Keys lists how to choose.
func (a Ask) Keys() []keymap.Binding {
	if len(a.answers) == 1 {
		return []keymap.Binding{keyAccept("close")}
	}
	return []keymap.Binding{keymap.Bind("←→", "choose", "left", "right"), keyAccept("answer"), keyCancel().As(strings.ToLower(a.answers[0].Label[:1]) + a.answers[0].Label[1:])}
}
