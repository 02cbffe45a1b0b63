package tui

import (
	"slices"
	"time"

	"shunt/geometry"
	"shunt/ops/report"
)

// meter measures the rate of a phase from snapshots and estimates the time left. It is a value and uses no clock: all
// times come from the snapshots.
type meter struct {
	total   geometry.Bytes
	samples []sample // the snapshots of the last meterWindow, oldest first
	left    time.Duration
	known   bool // left is set
}

type sample struct {
	at   time.Duration
	done geometry.Bytes
}

const (
	// meterWindow is the time over which the rate is measured. An average since the beginning would hide that a copy became
	// slow, and a shorter time would make the rate jump with every sync.
	meterWindow = 6 * time.Second
	// meterSettles is how long to measure before an estimate is shown.
	meterSettles = 2 * time.Second
)

// add adds a snapshot. The measurement starts again if the total changed or the number of bytes went down.
func (m meter) add(p report.Progress) meter {
	now, n := sample{p.Elapsed, p.Done}, len(m.samples)
	if n == 0 || p.Total != m.total || now.done < m.samples[n-1].done || now.at < m.samples[n-1].at {
		return meter{total: p.Total, samples: []sample{now}}
	}
	passed := now.at - m.samples[n-1].at
	if passed == 0 {
		return m
	}
	// Keep one sample older than the window, so that the rate covers the whole window.
	inside := slices.IndexFunc(m.samples, func(s sample) bool { return s.at > now.at-meterWindow })
	if inside < 0 {
		inside = n
	}
	m.samples = append(slices.Clone(m.samples[max(0, inside-1):]), now)
	return m.estimated(passed)
}

// estimated updates the time left after the given time has passed. The old estimate counts down and moves a part of the
// way towards the new one at each snapshot, so that the shown time does not jump.
func (m meter) estimated(passed time.Duration) meter {
	rate := m.rate()
	if rate <= 0 || m.span() < meterSettles {
		m.known = m.known && rate > 0
		m.left = max(0, m.left-passed)
		return m
	}
	last := m.samples[len(m.samples)-1]
	now := durationOf(float64(m.total-last.done) / rate)
	if !m.known {
		m.left, m.known = now, true
		return m
	}
	const drawn = 0.15 // of the difference, a snapshot
	told := max(0, m.left-passed)
	m.left = max(0, told+time.Duration(drawn*float64(now-told)))
	return m
}

func (m meter) span() time.Duration {
	if len(m.samples) < 2 {
		return 0
	}
	return m.samples[len(m.samples)-1].at - m.samples[0].at
}

// rate returns the rate in bytes per second, or 0 if it is not known.
func (m meter) rate() float64 {
	span := m.span()
	if span < meterSettles/2 {
		return 0
	}
	return float64(m.samples[len(m.samples)-1].done-m.samples[0].done) / span.Seconds()
}

// roundLeft rounds a time left to seconds, above one minute to five seconds, and above ten minutes to minutes.
func roundLeft(d time.Duration) time.Duration {
	switch {
	case d > 10*time.Minute:
		return d.Round(time.Minute)
	case d > time.Minute:
		return d.Round(5 * time.Second)
	}
	return d.Round(time.Second)
}

func durationOf(seconds float64) time.Duration {
	const most = 1e6 // in seconds; a longer estimate is not shown
	return time.Duration(min(seconds, most) * float64(time.Second))
}
