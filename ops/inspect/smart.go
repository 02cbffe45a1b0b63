package inspect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"shunt/model/safetext"
	"shunt/ops/report"
	"shunt/ops/tool"
)

// smartPatience is how long smartctl may take. A disk that is dying can let it wait for very long.
const smartPatience = 15 * time.Second

// SmartCommand is what Smart runs, as people would type it.
func SmartCommand(node string) string { return safetext.Command(smartArgs(node)...) }

// smartArgs let a disk that sleeps go on sleeping.
func smartArgs(node string) []string {
	return []string{"smartctl", "--json=c", "--nocheck=standby", "-i", "-H", "-A", node}
}

// Smart asks a physical disk for its own verdict on its health, by smartctl. It needs root and writes nothing. ok is false if
// there is nothing to show; then said holds the reason.
func Smart(ctx context.Context, node string) (s report.SheetSection, said report.Said, ok bool) {
	said.Command = SmartCommand(node)
	var out bytes.Buffer
	limited, stop := context.WithTimeout(ctx, smartPatience)
	defer stop()
	_, err := tool.Run(limited, tool.Cmd{Argv: smartArgs(node), Stdout: &limit{&out, mostSmart}})
	var missing *tool.MissingError
	switch {
	case errors.As(err, &missing):
		said.Err = "smartctl is not installed: apt install smartmontools"
	case limited.Err() != nil && ctx.Err() == nil:
		said.Err = fmt.Sprintf("the disk did not answer within %v", smartPatience)
	case err != nil:
		said.Err = safetext.Printable(err.Error())
	default:
		s, err = health(out.Bytes())
		if err != nil {
			said.Err = safetext.Printable(err.Error())
		}
	}
	return s, said, said.Err == ""
}

// mostSmart bounds what is read of the output of smartctl, in bytes. Real outputs have less than a tenth.
const mostSmart = 1 << 20

// smart holds what is shown of the output of smartctl --json. Each kind of disk has a part of it.
type smart struct {
	Smartctl struct {
		Messages []struct{ String, Severity string }
	}
	Model    string                 `json:"model_name"`
	Scsi     string                 `json:"scsi_model_name"`
	Serial   string                 `json:"serial_number"`
	Firmware string                 `json:"firmware_version"`
	Revision string                 `json:"scsi_revision"` // the firmware of a SCSI disk
	OldRev   string                 `json:"revision"`      // the same, before smartctl 7.3
	Rotation *int                   `json:"rotation_rate"`
	Status   *struct{ Passed bool } `json:"smart_status"`
	Heat     struct{ Current *int } `json:"temperature"`
	On       struct{ Hours *int64 } `json:"power_on_time"`
	ATA      struct {
		Table []struct {
			ID     int
			Name   string
			Failed string `json:"when_failed"`
			Raw    rawCount
		}
	} `json:"ata_smart_attributes"`
	NVMe *struct {
		Warning   int   `json:"critical_warning"`
		Spare     int   `json:"available_spare"`
		Least     int   `json:"available_spare_threshold"`
		Used      int   `json:"percentage_used"`
		BadBlocks int64 `json:"media_errors"`
	} `json:"nvme_smart_health_information_log"`
	Grown *int64 `json:"scsi_grown_defect_list"`
}

// counted are the attributes of ATA disks that say that sectors are failing. Makers agree on their meaning.
var counted = map[int]string{5: "Reallocated", 187: "Uncorrected", 197: "Waiting", 198: "Unreadable"}

// message returns the first message of smartctl with this severity, or of any if it is "". It is "" if there is none.
func (d smart) message(severity string) string {
	for _, m := range d.Smartctl.Messages {
		if severity == "" || m.Severity == severity {
			return m.String
		}
	}
	return ""
}

// rawCount is the raw value of an attribute. Disks pack several numbers into it, and smartctl knows how each one does it:
// String begins with the number that counts, as "304 (0 1)" for a Value of 4295033136.
type rawCount struct {
	Value  int64
	String string
}

// count returns the number that counts.
func (r rawCount) count() int64 {
	digits := strings.IndexFunc(r.String+" ", func(c rune) bool { return c < '0' || c > '9' })
	if n, err := strconv.ParseInt(r.String[:digits], 10, 64); err == nil {
		return n
	}
	return r.Value
}

// critical holds the meaning of each bit of the critical warning of an NVMe disk, from bit 0 on (NVMe 1.4, figure 194).
var critical = [8]string{
	"the spare blocks run out", "too hot or too cold", "no longer reliable", "the disk can only be read",
	"the backup of its cache memory failed", "its persistent memory can only be read, or is unreliable",
}

// health describes the output of smartctl --json. The error says why it has no verdict.
func health(out []byte) (report.SheetSection, error) {
	var d smart
	s := report.SheetSection{Title: "Health, as the disk sees it"}
	if err := json.Unmarshal(out, &d); err != nil {
		return s, fmt.Errorf("the output of smartctl cannot be read: %w", err)
	}
	if d.Status == nil {
		return s, errors.New(cmp.Or(d.message("error"), d.message(""), "the disk does not say how healthy it is"))
	}
	if d.Status.Passed {
		s.Add("Verdict", "healthy")
	} else {
		s.Warn("Verdict", "failing: copy what is on it to another disk now", report.Wrong)
	}
	s.Add("Note", d.message("warning"))
	s.Add("Model", cmp.Or(d.Model, d.Scsi))
	s.Add("Serial", d.Serial)
	s.Add("Firmware", cmp.Or(d.Firmware, d.Revision, d.OldRev))
	if d.Rotation != nil {
		s.Add("Rotation", map[bool]string{true: "none: it is an SSD", false: fmt.Sprintf("%d a minute", *d.Rotation)}[*d.Rotation == 0])
	}
	if d.Heat.Current != nil {
		s.Add("Temperature", fmt.Sprintf("%d °C", *d.Heat.Current))
	}
	if d.On.Hours != nil {
		s.Add("Powered on", fmt.Sprintf("%d hours", *d.On.Hours))
	}
	d.sectors(&s)
	return s, nil
}

// sectors adds what the disk counts of its failing sectors, and of its wear.
func (d smart) sectors(s *report.SheetSection) {
	count := func(name string, n int64, what string) {
		s.Warn(name, fmt.Sprintf("%d %s", n, what), map[bool]report.Attention{true: report.Odd}[n > 0])
	}
	for _, a := range d.ATA.Table {
		if name := counted[a.ID]; name != "" {
			count(name, a.Raw.count(), "sectors")
		}
		switch a.Failed {
		case "":
		case "past": // often a disk that once was too hot
			s.Warn("Failed once", a.Name, report.Odd)
		default:
			s.Warn("Failed", fmt.Sprintf("%s (%s)", a.Name, a.Failed), report.Wrong)
		}
	}
	if n := d.NVMe; n != nil {
		for bit := range 8 {
			if n.Warning>>bit&1 != 0 {
				s.Warn("Warning", cmp.Or(critical[bit], fmt.Sprintf("bit %d, of unknown meaning", bit)), report.Wrong)
			}
		}
		s.Warn("Spare", fmt.Sprintf("%d %% left", n.Spare), map[bool]report.Attention{true: report.Odd}[n.Spare <= n.Least])
		s.Warn("Wear", fmt.Sprintf("%d %% of its life", n.Used), map[bool]report.Attention{true: report.Odd}[n.Used >= 100])
		count("Errors", n.BadBlocks, "that lost data")
	}
	if d.Grown != nil {
		count("Reallocated", *d.Grown, "sectors")
	}
}

// limit passes the first bytes on and drops the rest.
type limit struct {
	to   *bytes.Buffer
	most int
}

func (l *limit) Write(p []byte) (int, error) {
	n := min(len(p), l.most)
	l.most -= n
	l.to.Write(p[:n])
	return len(p), nil
}
