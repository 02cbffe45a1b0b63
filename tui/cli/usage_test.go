package cli

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

// called runs the command line in this process, with no terminal, and returns the exit code and the output.
func called(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	in, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	var stdout, stderr strings.Builder
	code = Main(t.Context(), append([]string{"shunt"}, args...), Streams{In: in, Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

// TestArguments gives each command too few and too many arguments. The message names what is missing or too much, shows
// how the command is used, and points to its help. Nothing is opened or made.
func TestArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	s := &settings{out: newStream(&strings.Builder{}), err: newStream(&strings.Builder{})}
	tried := 0
	for _, cmd := range leaves(command(s)) {
		if cmd.Args == nil || cmd.GroupID == topicGroup || cmd.Name() == "help" {
			continue
		}
		line, words := "`"+callOf(cmd)+"`", strings.Fields(cmd.CommandPath())[1:]
		wrong := func(say string, args ...string) {
			t.Helper()
			tried++
			code, out, errs := called(t, slices.Concat(words, args)...)
			want := "shunt: " + say + "; the command is " + line + "\nTry `" + cmd.CommandPath() + " --help`.\n"
			if code != exitUsage || out != "" || errs != want {
				t.Errorf("%q: code %d, output %q, message\n%swant\n%s", args, code, out, errs, want)
			}
		}
		var needed []string
		names, optional := argumentNames(cmd), strings.Fields(cmd.Use)
		for _, name := range names {
			if slices.Contains(optional, name) || slices.Contains(optional, name+"...") { // not "[P]", nor "[to SIZE]"
				needed = append(needed, name)
			}
		}
		if len(needed) > 0 {
			verb := map[bool]string{false: " is", true: " are"}[len(needed) > 1]
			wrong(strings.Join(needed, " and ") + verb + " missing")
		}
		if len(needed) > 1 {
			wrong(needed[len(needed)-1]+" is missing", []string{"none", "1"}[:len(needed)-1]...)
		}
		if strings.HasSuffix(cmd.Use, "...") {
			continue // there is no limit
		}
		many := make([]string, len(names), len(names)+2)
		for i := range many {
			many[i] = "1"
		}
		wrong(`"too many" is one argument too many`, append(many, "too many")...)
		wrong(`"x" is one argument too many`, append(many, "x", "y")...)
	}
	if tried < 30 {
		t.Errorf("only %d calls were tried", tried)
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestUsage tries what a user may try. The exit codes are those of the help topic.
func TestUsage(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("blank", make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		says string // on standard error if the code is that of an error, otherwise on standard output
	}{
		{"--version", exitDone, "shunt "},
		{"-V", exitDone, "shunt "},
		{"version", exitDone, "shunt "},
		{"--help", exitDone, "--version"},
		{"-h", exitDone, "COMMANDS"},
		{"help", exitDone, "COMMANDS"},
		{"help ls", exitDone, "ls TARGET P [PATH]"},
		{"ls --help", exitDone, "ls TARGET P [PATH]"},
		{"help plan", exitDone, "table new"},
		{"image --help", exitDone, "image COMMAND"},
		{"help image create", exitDone, "image create FILE [SIZE]"},
		{"image create --help", exitDone, "image create FILE"},
		{"image", exitUsage, "COMMAND is missing; it is one of "},
		{"image nosuch blank", exitUsage, "there is no command \"nosuch\" of `shunt image`; there are "},
		{"image create --nosuch blank", exitUsage, "Try `shunt image create --help`."},
		{"help image nosuch", exitUsage, `there is no help on "image nosuch"`},
		{"help nosuch", exitUsage, `there is no help on "nosuch"`},
		{"--nosuch", exitUsage, "unknown flag: --nosuch\nTry `shunt --help`."},
		{"info --nosuch blank", exitUsage, "unknown flag: --nosuch\nTry `shunt info --help`."},
		{"apply -q blank plan", exitUsage, "Try `shunt apply --help`."},
		{"info --json=maybe blank", exitUsage, `--json cannot be "maybe"`},
		{"info --sector-size x blank", exitUsage, `--sector-size cannot be "x"`},
		{"info --sector-size 520 blank", exitUsage, "--sector-size 520 is not possible: use 512 or 4096"},
		{"info --align odd blank", exitUsage, `unknown alignment "odd"`},
		{"info blank --sector-size", exitUsage, "flag needs an argument"},
		{"info --support blank", exitUsage, "it takes no target"},
		{"info blank x", exitUsage, `"x" is not a partition number`},
		{"info none x", exitUsage, `"x" is not a partition number`},
		{"ls blank -1", exitUsage, "unknown shorthand flag"},
		{"ls blank x", exitUsage, `"x" is not a partition number`},
		{"enlarge blank to +1GiB", exitUsage, "write by +1GiB to make it longer by that\nTry `shunt enlarge --help`."},
		{"enlarge blank by -1GiB", exitUsage, "by -1GiB would make it smaller: `shunt shrink` does that"},
		{"enlarge blank to -.5GiB --yes", exitUsage, "to -.5GiB would make it smaller"},
		{"enlarge blank -1GiB", exitUsage, "SIZE is missing"},
		{"enlarge blank by 1 --yes", exitUsage, "unit"},
		{"shrink blank to -1GiB", exitUsage, "write the size that is to be left, without a sign"},
		{"shrink blank to +1GiB", exitUsage, "write the size that is to be left, without a sign"},
		{"shrink blank by 1GiB", exitUsage, "use to"},
		{"image create made -1GiB", exitUsage, "-1GiB"},
		{"image resize blank -1", exitUsage, "-1"},
		{"mount blank x", exitUsage, `"x" is not a partition number`},
		{"info blank 7", exitRefused, "7"},
		{"info none", exitRefused, "cannot open none: no such file or directory"},
		{"demo made", exitUsage, "the editor needs a terminal"},
		{"blank", exitUsage, "the editor needs a terminal"},
		{"", exitUsage, "the editor needs a terminal"},
		{"apply blank plan", exitRefused, "read the plan: "},
		{"apply blank grow 7", exitRefused, "grow 7: plan line 1"},
		{"apply blank growl 7", exitRefused, "growl 7: plan line 1"},
		{"apply blank table new gpt", exitUsage, "there is no terminal for the question"},
		{"undo blank", exitUsage, "there is no terminal for the question"},
		{"undo --yes blank", exitRefused, "no transaction that can be undone"},
	} {
		code, out, errs := called(t, strings.Fields(c.args)...)
		said, silent := out, errs
		if c.code != exitDone {
			said, silent = errs, out
		}
		if code != c.code || !strings.Contains(said, c.says) || silent != "" {
			t.Errorf("%q: code %d, output %q, messages %q; want %d and %q", c.args, code, out, errs, c.code, c.says)
		}
	}
	if list, err := filepath.Glob("*"); err != nil || len(list) != 1 {
		t.Errorf("left behind: %q, %v", list, err)
	}
}

func TestVersionText(t *testing.T) {
	commit := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.modified", Value: "true"}}
	for _, c := range []struct {
		info *debug.BuildInfo
		want string
	}{
		{nil, "development version (go"},
		{&debug.BuildInfo{GoVersion: "go1.9"}, "development version (go1.9, "},
		{&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: commit[:1]}, "commit 0123456789ab (go"},
		{&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: commit}, "commit 0123456789ab, changed (go"},
		{&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: commit}, "v1.2.3 (go"},
	} {
		if got := versionText(c.info); !strings.HasPrefix(got, c.want) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
