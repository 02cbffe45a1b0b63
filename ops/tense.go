package ops

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A list of what is done says of each line where it stands by its verb: "move p2" is to come, "moving p2" is being done,
// "moved p2" is over. Texts of steps and of operations are written in the first form; this file makes the others of them.

// forms are what a verb becomes.
type forms struct{ acting, done string }

var verbs = map[string]forms{
	"change":  {"changing", "changed"},
	"check":   {"checking", "checked"},
	"clear":   {"clearing", "cleared"},
	"convert": {"converting", "converted"},
	"copy":    {"copying", "copied"},
	"create":  {"creating", "created"},
	"delete":  {"deleting", "deleted"},
	"erase":   {"erasing", "erased"},
	"format":  {"formatting", "formatted"},
	"grow":    {"growing", "grew"},
	"hide":    {"hiding", "hid"},
	"label":   {"labelling", "labelled"},
	"make":    {"making", "made"},
	"move":    {"moving", "moved"},
	"name":    {"naming", "named"},
	"repair":  {"repairing", "repaired"},
	"resize":  {"resizing", "resized"},
	"set":     {"setting", "set"},
	"shrink":  {"shrinking", "shrank"},
	"tell":    {"telling", "told"},
	"verify":  {"verifying", "verified"},
	"write":   {"writing", "wrote"},
}

// Acting is the text of a step or an operation while it is being done: "Moving p2 right by 1024 MiB and growing it".
func Acting(text string) string { return inflected(text, func(f forms) string { return f.acting }) }

// Did is the text of a step or an operation that is over: "Moved p2 right by 1024 MiB and grew it".
func Did(text string) string { return inflected(text, func(f forms) string { return f.done }) }

// inflected changes the verb that text begins with, and those joined to it by "and" or a comma. What is quoted are names,
// and what follows a semicolon tells of consequences.
func inflected(text string, form func(forms) string) string {
	end := len(text)
	if i := strings.IndexAny(text, `";`); i >= 0 {
		end = i
	}
	words := strings.Split(text[:end], " ")
	for i, word := range words {
		if i > 0 && words[i-1] != "and" && !strings.HasSuffix(words[i-1], ",") {
			continue
		}
		f, ok := verbs[strings.ToLower(word)]
		if !ok {
			if i == 0 {
				return text
			}
			continue
		}
		words[i] = likewise(form(f), word)
	}
	return strings.Join(words, " ") + text[end:]
}

// likewise is word with a capital if the model has one.
func likewise(word, model string) string {
	if first, _ := utf8.DecodeRuneInString(model); unicode.IsUpper(first) {
		return strings.ToUpper(word[:1]) + word[1:]
	}
	return word
}
