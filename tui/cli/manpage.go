package cli

import (
	"cmp"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manCommand prints the manual page, which uses the texts of the help.
func (s *settings) manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man", Short: "Print the manual page", Hidden: true, Args: arguments(0, 0), DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.WriteString(s.out, manPage(cmd.Root()))
			return err
		},
	}
}

// manPage returns the manual page in the macros of man(7). It depends only on the program, so that two builds of the same
// source give the same page.
func manPage(root *cobra.Command) string {
	m := &roff{}
	m.line(`.TH SHUNT 1 "" shunt "User Commands"`)
	m.section("name")
	m.text("shunt - " + strings.ToLower(root.Short[:1]) + root.Short[1:])
	m.section("synopsis")
	m.synopsis("shunt [TARGET...]")
	for _, cmd := range visible(root) {
		m.synopsis(callOf(cmd) + flagsWord(cmd))
	}
	m.section("description")
	m.text(root.Long)
	m.text("Without a command it opens the editor on the targets: raw disk images, loop devices or, with `--allow-disks`, " +
		"disks. " +
		"Without a target it shows a list to pick from. `?` in the editor lists its keys.")
	m.section("commands")
	for _, cmd := range visible(root) {
		m.term(strings.TrimPrefix(callOf(cmd), root.Name()+" "))
		m.text(cmp.Or(cmd.Long, cmd.Short+"."))
		m.flags(cmd.LocalNonPersistentFlags())
	}
	m.section("options")
	m.text("These flags can be used with every command.")
	m.flags(root.PersistentFlags())
	for _, t := range topics() {
		m.section(t.section)
		for _, p := range t.parts {
			m.part(p)
		}
	}
	m.section("files")
	m.term("NAME.shunt/")
	m.text("beside an image: the journal of a transaction, and what `shunt undo` needs after it; where NAME is too long " +
		"for that, " +
		"its first bytes, `~` and 16 digits of its SHA-256")
	m.term("/var/lib/shunt/")
	m.text("the same for devices; for users other than root, $XDG_STATE_HOME/shunt")
	m.section("see also")
	m.text("parted(8), sfdisk(8), sgdisk(8), resize2fs(8), ntfsresize(8), qemu-img(1)")
	return m.b.String()
}

// visible returns the commands that the help lists, in its order.
func visible(root *cobra.Command) []*cobra.Command {
	var list []*cobra.Command
	for _, cmd := range leaves(root) {
		if cmd.IsAvailableCommand() && cmd.Name() != "help" && cmd.Parent().Name() != "completion" {
			list = append(list, cmd)
		}
	}
	return list
}

func flagsWord(cmd *cobra.Command) string {
	words := ""
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" && !f.Hidden {
			words += " [--" + f.Name + "]"
		}
	})
	return words
}

// roff builds a document for man(7).
type roff struct{ b strings.Builder }

func (m *roff) line(lines ...string) { m.b.WriteString(strings.Join(lines, "\n") + "\n") }

func (m *roff) section(name string) { m.line(".SH " + strings.ToUpper(name)) }

// text adds a paragraph; line ends in it have no meaning.
func (m *roff) text(text string) {
	m.line(inBold(strings.Join(strings.Fields(text), " ")), ".PP")
}

func (m *roff) synopsis(usage string) {
	name, rest, _ := strings.Cut(usage, " ")
	m.line(".HP", `\fB`+escaped(name)+`\fR `+escaped(rest))
}

// term starts the explanation of one or more words.
func (m *roff) term(words ...string) {
	for i, w := range words {
		m.line([]string{".TP", ".TQ"}[min(i, 1)], `\fB`+escaped(w)+`\fR`)
	}
}

func (m *roff) flags(set *pflag.FlagSet) {
	m.line(".RS")
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name := "--" + f.Name
		if f.Value.Type() != "bool" {
			name += " " + strings.ToUpper(f.Value.Type())
		}
		m.term(name)
		m.line(inBold(f.Usage))
	})
	m.line(".RE", ".PP")
}

func (m *roff) part(p passage) {
	if p.heading != "" {
		m.line(".SS " + escaped(p.heading))
	}
	if p.text != "" {
		m.text(p.text)
	}
	if len(p.code) > 0 {
		m.line(".PP", ".RS 4", ".nf")
		for _, line := range p.code {
			m.line(escaped(line))
		}
		m.line(".fi", ".RE", ".PP")
	}
	for _, it := range p.list {
		m.term(it.terms...)
		m.line(inBold(it.text))
	}
	m.line(".PP")
}

// inBold escapes a text and sets the words between backquotes in bold.
func inBold(text string) string {
	pieces := strings.Split(text, "`")
	for i, piece := range pieces {
		pieces[i] = escaped(piece)
		if i%2 == 1 {
			pieces[i] = `\fB` + pieces[i] + `\fR`
		}
	}
	return guarded(strings.Join(pieces, ""))
}

// escaped escapes a text so that roff prints it unchanged.
func escaped(text string) string {
	r := strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, "…", "...")
	return guarded(r.Replace(text))
}

// guarded protects a line that begins with a dot from being taken for a macro.
func guarded(line string) string {
	if strings.HasPrefix(line, ".") {
		return `\&` + line
	}
	return line
}
