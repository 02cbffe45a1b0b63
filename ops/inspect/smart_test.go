package inspect

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shunt/model/testneed"
	"shunt/ops/report"
)

// These have the fields that are read, named and nested as in real outputs for the three kinds of disks. The values are made
// up. The public test data of AnalogJ/scrutiny and prometheus-community/smartctl_exporter holds such outputs.
const (
	ataDisk = `{"smartctl":{"version":[7,3],"exit_status":24},"model_name":"Maker ST20","serial_number":"Z1","firmware_version":"CC43",
		"rotation_rate":7200,"smart_status":{"passed":false},"temperature":{"current":41},"power_on_time":{"hours":61234},
		"ata_smart_attributes":{"revision":10,"table":[
		{"id":1,"name":"Raw_Read_Error_Rate","value":117,"worst":88,"thresh":6,"when_failed":"","raw":{"value":124179459,"string":"124179459"}},
		{"id":5,"name":"Reallocated_Sector_Ct","value":4,"worst":4,"thresh":36,"when_failed":"now","raw":{"value":3990,"string":"3990"}},
		{"id":197,"name":"Current_Pending_Sector","value":100,"worst":100,"thresh":0,"when_failed":"","raw":{"value":0,"string":"0"}}]}}`
	nvmeDisk = `{"smartctl":{"exit_status":0},"device":{"protocol":"NVMe"},"model_name":"Maker SSD 250GB","serial_number":"S4",
		"smart_status":{"passed":true,"nvme":{"value":0}},"nvme_smart_health_information_log":{"critical_warning":0,"temperature":35,
		"available_spare":100,"available_spare_threshold":10,"percentage_used":3,"media_errors":0},"temperature":{"current":35},
		"power_on_time":{"hours":3149}}`
	scsiDisk = `{"smartctl":{"exit_status":0},"device":{"protocol":"SCSI"},"scsi_vendor":"MAKER","scsi_model_name":"MAKER H10","scsi_revision":"A31A",
		"rotation_rate":0,"smart_status":{"passed":true},"scsi_grown_defect_list":2,"power_on_time":{"hours":22364,"minutes":52}}`
	sleeping = `{"smartctl":{"messages":[{"string":"Device is in STANDBY mode, exit(2)","severity":"information"}],"exit_status":2}}`
)

func TestHealth(t *testing.T) {
	t.Parallel()
	for out, want := range map[string]string{
		ataDisk: "Verdict: failing: copy what is on it to another disk now!!|Model: Maker ST20|Serial: Z1|Firmware: CC43|Rotation: 7200 a minute|" +
			"Temperature: 41 °C|Powered on: 61234 hours|Reallocated: 3990 sectors!|Failed: Reallocated_Sector_Ct (now)!!|Waiting: 0 sectors",
		nvmeDisk: "Verdict: healthy|Model: Maker SSD 250GB|Serial: S4|Temperature: 35 °C|Powered on: 3149 hours|Spare: 100 % left|" +
			"Wear: 3 % of its life|Errors: 0 that lost data",
		strings.Replace(nvmeDisk, `"available_spare":100`, `"available_spare":9`, 1): "Verdict: healthy|Model: Maker SSD 250GB|Serial: S4|" +
			"Temperature: 35 °C|Powered on: 3149 hours|Spare: 9 % left!|Wear: 3 % of its life|Errors: 0 that lost data",
		scsiDisk: "Verdict: healthy|Model: MAKER H10|Firmware: A31A|Rotation: none: it is an SSD|Powered on: 22364 hours|Reallocated: 2 sectors!",
		sleeping: "error: Device is in STANDBY mode, exit(2)",
		// Packed counts, a limit that was crossed once, and a verdict that smartctl had to make up itself.
		strings.NewReplacer(`"passed":false`, `"passed":true`, `"now"`, `"past"`, `"value":3990,"string":"3990"`, `"value":4295033136,"string":"304 (0 1)"`,
			`"value":0,"string":"0"`, `"value":7`, `"exit_status":24`, `"exit_status":36,"messages":[{"string":"Checked anew","severity":"warning"}]`).
			Replace(ataDisk): "Verdict: healthy|Note: Checked anew|Model: Maker ST20|Serial: Z1|Firmware: CC43|Rotation: 7200 a minute|" +
			"Temperature: 41 °C|Powered on: 61234 hours|Reallocated: 304 sectors!|Failed once: Reallocated_Sector_Ct!|Waiting: 7 sectors!",
		strings.NewReplacer(`"critical_warning":0`, `"critical_warning":144`, `true,"nvme":{"value":0`, `false,"nvme":{"value":144`).
			Replace(nvmeDisk): "Verdict: failing: copy what is on it to another disk now!!|Model: Maker SSD 250GB|Serial: S4|Temperature: 35 °C|" +
			"Powered on: 3149 hours|Warning: the backup of its cache memory failed!!|Warning: bit 7, of unknown meaning!!|Spare: 100 % left|" +
			"Wear: 3 % of its life|Errors: 0 that lost data",
		strings.Replace(scsiDisk, "scsi_rev", "rev", 1): "Verdict: healthy|Model: MAKER H10|Firmware: A31A|Rotation: none: it is an SSD|" +
			"Powered on: 22364 hours|Reallocated: 2 sectors!",
		`{"smartctl":{"messages":[{"string":"odd","severity":"warning"},{"string":"open failed","severity":"error"}]}}`: "error: open failed",
		`{}`:  "error: the disk does not say how healthy it is",
		``:    "error: the output of smartctl cannot be read: unexpected end of JSON input",
		`[1]`: "error: the output of smartctl cannot be read: json: cannot unmarshal array into Go value of type inspect.smart",
		`{"smart_status":{"passed":true},"model_name":"a\u001b[2Jb"}`: `Verdict: healthy|Model: a\x1b[2Jb`,
	} {
		var lines []string
		s, err := health([]byte(out))
		for _, l := range s.Lines {
			mark := map[report.Attention]string{report.Odd: "!", report.Wrong: "!!"}[l.Look]
			lines = append(lines, l.Name+": "+l.Value+mark)
		}
		if err != nil {
			lines = []string{"error: " + err.Error()}
		}
		if got := strings.Join(lines, "|"); got != want {
			t.Errorf("%s\nis     %s\nwanted %s", out, got, want)
		}
	}
}

// smartctl is called without a shell, its long output is cut, and what hinders it is said.
func TestSmart(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	script := filepath.Join(dir, "smartctl")
	write := func(body string) {
		t.Helper()
		if err := os.WriteFile(script, []byte("#!/bin/sh\n"+body), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(`[ "$6" = '/dev/a b' ] && cat <<'E'` + "\n" + nvmeDisk + "\nE\n")
	s, said, ok := Smart(context.Background(), "/dev/a b")
	if !ok || len(s.Lines) == 0 || said.Command != "smartctl --json=c --nocheck=standby -i -H -A '/dev/a b'" {
		t.Errorf("%v, %+v", s, said)
	}
	write("yes '[' | head -c 3000000; exit 1")
	if _, said, ok := Smart(context.Background(), "/dev/x"); ok || !strings.HasPrefix(said.Err, "the output of smartctl cannot be read") {
		t.Errorf("%+v", said)
	}
	t.Run("real", func(t *testing.T) {
		t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
		if err := os.Remove(script); err != nil {
			t.Fatal(err)
		}
		testneed.Tool(t, "smartctl")
		if _, said, ok := Smart(context.Background(), "/dev/null"); ok || !strings.Contains(said.Err, "/dev/null: Unable to detect device type") {
			t.Errorf("%+v", said)
		}
	})
}
