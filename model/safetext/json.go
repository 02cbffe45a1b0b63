package safetext

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON encodes v as JSON that Lines does not change. Characters in strings that are not visible are escaped as \u…, which
// has the same meaning. indent is put before each level; "" puts everything on one line. The result has no line end.
func JSON(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return escapedJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// escapedJSON escapes the characters that are not visible. JSON is ASCII outside of strings, and encoding/json has
// already escaped the control characters inside.
func escapedJSON(in []byte) []byte {
	out := make([]byte, 0, len(in))
	for len(in) > 0 {
		r, n := utf8.DecodeRune(in)
		switch {
		case r == '\n', Visible(r):
			out = append(out, in[:n]...)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		in = in[n:]
	}
	return out
}
