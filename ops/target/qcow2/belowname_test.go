package qcow2

import (
	"strings"
	"testing"
)

// TestBackingFile reads names of backing files as QEMU does.
func TestBackingFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, format, path, fail string }{
		{"b", "raw", "dir/b", ""},
		{"/b", "raw", "/b", ""},
		{"../b:c/d", "raw", "dir/../b:c/d", ""},
		{"./b:c", "raw", "dir/./b:c", ""},
		{"file:b", "raw", "dir/b", ""},
		{"file:/b", "raw", "/b", ""},
		{"nbd:h:10809", "raw", "", "protocol"},
		{`json:{"driver":"raw","file":{"driver":"file","filename":"/b"}}`, "raw", "/b", ""},
		{`json:{"driver":"raw","file":{"driver":"file","filename":"b"}}`, "raw", "b", ""}, // from the working directory
		{`json: {"file.filename": "/b"}`, "qcow2", "/b", ""},
		{`json:{"driver":"qcow2","file.driver":"file","file":{"filename":"file:b"}}`, "qcow2", "file:b", ""}, // no prefix here
		{`json:{"driver":"qcow2","file.filename":"/b"}`, "raw", "", "it says qcow2, and the image raw"},
		{`json:{"driver":"raw","filename":"/b"}`, "raw", "", "option filename"},
		{`json:{"driver":"raw","file":"b"}`, "raw", "", "option file "},
		{`json:{"driver":"raw","file":{"driver":"host_device","filename":"/dev/sda"}}`, "raw", "", "value host_device"},
		{`json:{"driver":"raw","offset":512,"file":{"filename":"/b"}}`, "raw", "", "option offset"},
		{`json:{"driver":"qcow2","backing":null,"file":{"filename":"/b"}}`, "qcow2", "", "option backing"},
		{`json:{"driver":"raw","file.filename":"/a","file":{"filename":"/b"}}`, "raw", "", "option file.filename"},
		{`json:{"driver":"raw"}`, "raw", "", "no option file.filename"},
		{`json:[]`, "raw", "", "no JSON object"},
		{`json:{`, "raw", "", "no JSON object"},
	} {
		h := Header{Backing: c.name, BackingFormat: c.format}
		path, err := h.backingFile("dir/image")
		if c.fail == "" && (err != nil || path != c.path) || c.fail != "" && (err == nil || !strings.Contains(err.Error(), c.fail)) {
			t.Errorf("%s in a %s image: %q, %v; want %q, %q", c.name, c.format, path, err, c.path, c.fail)
		}
	}
	if f := statedFormat(`json:{"driver":"qcow2","file.filename":"b"}`) + statedFormat("b") + statedFormat("json:"); f != "qcow2" {
		t.Errorf("the formats are %q", f)
	}
}
