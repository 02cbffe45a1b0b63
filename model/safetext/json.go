package safetext

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON encodes a value as JSON that passes Lines unchanged: what is not visible in a string is written as \u…, which means
// the same. indent is put before each level, "" for everything in one line. There is no line end behind it.
func JSON(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return escapedJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// escapedJSON writes out what is not visible. Outside of strings JSON is ASCII, and in them encoding/json has written out
// the control characters.
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
