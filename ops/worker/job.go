package worker

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
)

// Line is the job as a line. JSON would not do: a path is bytes, and JSON has none that are no UTF-8.
func (j Job) Line() ([]byte, error) {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(j); err != nil {
		return nil, err
	}
	return append([]byte(base64.StdEncoding.EncodeToString(b.Bytes())), '\n'), nil
}

// readJob reads what Line made.
func readJob(line []byte) (j Job, err error) {
	b, err := base64.StdEncoding.DecodeString(string(bytes.TrimSuffix(line, []byte("\n"))))
	if err != nil {
		return j, err
	}
	err = gob.NewDecoder(bytes.NewReader(b)).Decode(&j)
	return j, err
}
