package tool

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestLines(t *testing.T) {
	for _, c := range []struct {
		in         string
		each, done []string
	}{
		{"", nil, nil},
		{"a\nb\n", []string{"a", "b"}, []string{"a", "b"}},
		{"a\n\nb", []string{"a", "b"}, []string{"a", "", "b"}},
		{"a\r\nb\r\n", []string{"a", "b"}, []string{"a", "b"}},
		{"10%\r20%\r100%\ndone\n", []string{"10%", "20%", "100%", "done"}, []string{"100%", "done"}},
		{"\r/dev: |==  | 5.0%\r\r/dev: |====| 9.0%   \r", []string{"/dev: |==  | 5.0%", "/dev: |====| 9.0%"}, []string{"/dev: |====| 9.0%"}},
		{"long text\rshort\n", []string{"long text", "short"}, []string{"short"}},
		{"Writing inode tables:  0/16\b\b\b\b\b 1/16\b\b\b\b\b     \b\b\b\b\bdone\n\n", []string{"Writing inode tables: done"}, []string{"Writing inode tables: done", ""}},
		{"ab\b\b\b\bx\n", []string{"xb"}, []string{"xb"}},
		{"\001\002a\000b\x7f\n", []string{"ab\x7f"}, []string{"ab\x7f"}},
		{"a\tb \t\n", []string{"a\tb"}, []string{"a\tb"}},
		{"\x1b[31mred\x1b[0m \x1b]0;title\x07x\x1bMy\n", []string{"\x1b[31mred\x1b[0m \x1b]0;title\ax\x1bMy"}, []string{"\x1b[31mred\x1b[0m \x1b]0;title\ax\x1bMy"}},
		{"a\x1b[12\nb\x1b\nc", []string{"a\x1b[12", "b\x1b", "c"}, []string{"a\x1b[12", "b\x1b", "c"}},
		{"caf\xc3\xa9 \xff \xc2\x9b31m\n", []string{"caf\xc3\xa9 \xff \xc2\x9b31m"}, []string{"caf\xc3\xa9 \xff \xc2\x9b31m"}},
		{"Label: \x1b[2J\x1b[1;1Hgotcha\n", []string{"Label: \x1b[2J\x1b[1;1Hgotcha"}, []string{"Label: \x1b[2J\x1b[1;1Hgotcha"}},
		{strings.Repeat("x", maxLine) + "y\n", []string{strings.Repeat("x", maxLine), "y"}, []string{strings.Repeat("x", maxLine), "y"}},
	} {
		for _, step := range []int{1, 3, 1 << 20} {
			var each, done []string
			l := lines{
				each: func(s string) { each = append(each, s) },
				done: func(s string) { done = append(done, s) },
			}
			for p := range slices.Chunk([]byte(c.in), step) {
				l.write(p)
			}
			l.close()
			if !slices.Equal(each, c.each) || !slices.Equal(done, c.done) {
				t.Errorf("%.60q in steps of %d:\n%.60q\n%.60q\nwant\n%.60q\n%.60q", c.in, step, each, done, c.each, c.done)
			}
		}
	}
}

func TestTranscriptKeepsBothEnds(t *testing.T) {
	var in strings.Builder
	const n = 200_000
	for i := range n {
		fmt.Fprintf(&in, "line %d\n", i)
	}
	for _, c := range []struct {
		text string
		cut  bool
	}{
		{in.String(), true},
		{wholeLines(in.String()[:keep]), false},
		{wholeLines(in.String()[:keep*2-100]), false},
	} {
		var tr transcript
		tr.readFrom(strings.NewReader(c.text))
		got := tr.String()
		if len(got) > 2*keep+100 {
			t.Errorf("%d bytes kept", len(got))
		}
		if strings.Contains(got, "bytes left out") != c.cut {
			t.Errorf("of %d bytes: cut %v", len(c.text), !c.cut)
		}
		if !c.cut && got != c.text {
			t.Errorf("%d bytes differ", len(c.text))
		}
		if c.cut && (!strings.HasPrefix(got, "line 0\nline 1\n") || !strings.HasSuffix(got, fmt.Sprintf("\nline %d\n", n-1))) {
			t.Error("the ends are not kept")
		}
	}
}

func wholeLines(text string) string { return text[:strings.LastIndexByte(text, '\n')+1] }

// The directory of the views is left out wherever people or parsers read what a tool says.
func TestTranscriptLeavesViewsOut(t *testing.T) {
	for views, want := range map[string]string{"/run/views/": "Failed to mount 'p1': no p2", "": "Failed to mount '/run/views/p1': no /run/views/p2"} {
		var seen, drafted string
		tr := transcript{views: views, onOutput: func(s string) { seen = s }, onDraft: func(s string) { drafted = s }}
		tr.readFrom(strings.NewReader("Failed to mount '/run/views/p1': no /run/views/p2\n"))
		if seen != want || drafted != want || tr.String() != want+"\n" {
			t.Errorf("without %q: %q, %q and %q, want %q", views, seen, drafted, tr.String(), want)
		}
	}
}
