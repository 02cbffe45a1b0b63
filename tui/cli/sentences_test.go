package cli

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var updateSentences = flag.Bool("update-sentences", false, "rewrite testdata/sentences.txt from the sources")

// sentencesFile is the table of all texts in the sources that have two words or more, by file. Whoever changes a text reads it
// here again, as a person would who sees it for the first time.
const sentencesFile = "testdata/sentences.txt"

// riddles are words that people had to read twice, and what to write in their place.
var riddles = []struct {
	pattern, instead string
	may              string // the files in which it is meant, a pattern, or ""
}{
	{`\bof which\b`, "two sentences", ""},
	{`\btells? of\b`, "says that", ""},
	{`\bto whom\b|\bby whom\b`, "name the person", ""},
	{`takes the label away|takes the name away`, "removes", ""},
	{`could be (here|there)\b|nothing is here that`, "There is nothing here", ""},
	{`gone into`, "opened", ""},
	{`= aligns`, "say what the key does", ""},
	{`: done[.,]`, "say what has ended", ""},
	{`\b(nothing|nobody) tells\b`, "it is not known", ""},
	{`\b(its|at) begin\b|\bbegin of\b`, "beginning, start", ""},
	{`\bsays? by (whom|what)\b|, and says\n?by`, "names the user", ""},
	{`\bstays so until\b`, "say what ends it", ""},
	{`hid what|write what is new`, "say what happens to the partitions", ""},
	{`so far: *$|0:00 so far`, "no time before there is one", ""},
	{`can mount it by that`, "by its label", ""},
	{`^[Rr]eal\.$`, "a sentence", ""},
	{`\bLabelled [a-z]`, "the label of", ""},
	{`go-diskfs`, "the library is no business of people", `^screenshots/`},
	{`\b(fence|fenced|spill|overlay map|preimage)\b`, "what the stage means for the disk", `^ops/(txn|journal|overlay|worker|target|partfs)/`},
	{`…$`, "the whole text: the screen cuts it if it must", `^(tui|screenshots)/`},
	{`\b(may|can) be had\b|\bbe had\b`, "there is", ""},
	{`\b(the the|a a|an an|to to|is is|of of|in in|and and|it it)\b`, "one of the two words", ""},
}

// sentence is a text in the sources.
type sentence struct{ file, text string }

// The table has every text of the sources, and none has words that people had to read twice.
func TestSentences(t *testing.T) {
	t.Parallel()
	list := sentences(t, "../..")
	var patterns, exceptions []*regexp.Regexp
	for _, r := range riddles {
		patterns, exceptions = append(patterns, regexp.MustCompile(r.pattern)), append(exceptions, regexp.MustCompile(cmp.Or(r.may, `^$`)))
	}
	var table strings.Builder
	for i, s := range list {
		if i == 0 || list[i-1].file != s.file {
			fmt.Fprintf(&table, "\n%s\n", s.file)
		}
		fmt.Fprintf(&table, "    %s\n", strings.ReplaceAll(s.text, "\n", "\n    | "))
		for i, r := range riddles {
			if patterns[i].MatchString(s.text) && !exceptions[i].MatchString(s.file) {
				t.Errorf("%s: %q has words that people read twice (%s): write %s", s.file, s.text, r.pattern, r.instead)
			}
		}
	}
	if *updateSentences {
		if err := os.WriteFile(sentencesFile, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(sentencesFile)
	if err != nil || string(kept) != table.String() {
		t.Errorf("the texts have changed (%v): read them, write the table anew with "+
			"go test ./tui/cli -run TestSentences -update-sentences, and look at the difference", err)
	}
}

// sentences lists the texts of two words or more in the sources below a directory, in the order of files and positions.
func sentences(t *testing.T, root string) (list []sentence) {
	t.Helper()
	seen := map[sentence]bool{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(path, root+"/"))
		switch {
		case err != nil:
			return err
		case e.IsDir() && (strings.HasPrefix(e.Name(), ".") && path != root || e.Name() == "testdata" || e.Name() == "testneed" || e.Name() == "oracle" ||
			e.Name() == "tuitest"):
			return filepath.SkipDir
		case e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, text := range texts(file) {
			if s := (sentence{name, text}); !seen[s] {
				seen[s] = true
				list = append(list, s)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// words are two words in a row.
var words = regexp.MustCompile(`\p{L}{2,}[,;:.]? +[\p{L}%]`)

// texts returns the string constants of a file that hold words, joined where the source joins them.
func texts(file *ast.File) (list []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			n.Tag = nil
		case ast.Expr:
			if text, ok := constant(n); ok {
				if words.MatchString(text) && utf8.ValidString(text) && !strings.ContainsFunc(text, control) {
					list = append(list, text)
				}
				return false
			}
		}
		return true
	})
	return list
}

// control reports whether a text with this character is not for people.
func control(r rune) bool { return r != '\n' && unicode.IsControl(r) }

// constant returns the text of a literal, or of several that are joined by plus signs.
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.ParenExpr:
		return constant(e.X)
	case *ast.BinaryExpr:
		left, ok := constant(e.X)
		right, also := constant(e.Y)
		return left + right, ok && also && e.Op == token.ADD
	}
	return "", false
}
