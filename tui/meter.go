package tui

import (
	"slices"
	"time"

	"shunt/geometry"
	"shunt/ops/report"
)

// meter tells from snapshots how fast a phase goes now and how long it will take. It is a value and knows no clock: the
// time is that of the snapshots.
type meter struct {
	total   geometry.Bytes
	samples []sample // of the last meterWindow, the oldest first
	left    time.Duration
	known   bool // left means something
}

type sample struct {
	at   time.Duration
	done geometry.Bytes
}

const (
	// meterWindow is over how long the rate is taken. The average since the beginning would hide that a copy got slow, the
	// last moment alone jumps with every sync.
	meterWindow = 6 * time.Second
	// meterSettles is how long to watch before anything is said of the time left.
	meterSettles = 2 * time.Second
)

// add takes a snapshot. Another total or bytes that went back begin another count.
func (m meter) add(p report.Progress) meter {
	now, n := sample{p.Elapsed, p.Done}, len(m.samples)
	if n == 0 || p.Total != m.total || now.done < m.samples[n-1].done || now.at < m.samples[n-1].at {
		return meter{total: p.Total, samples: []sample{now}}
	}
	passed := now.at - m.samples[n-1].at
	if passed == 0 {
		return m
	}
	// The last one outside the window is kept, so that the whole window is measured.
	inside := slices.IndexFunc(m.samples, func(s sample) bool { return s.at > now.at-meterWindow })
	if inside < 0 {
		inside = n
	}
	m.samples = append(slices.Clone(m.samples[max(0, inside-1):]), now)
	return m.estimated(passed)
}

// estimated works out the time left, passed after the last time. What was said before counts down, and is drawn towards
// what the rate says, so that it does not jump.
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

// rate is in bytes a second, 0 if it is not known.
func (m meter) rate() float64 {
	span := m.span()
	if span < meterSettles/2 {
		return 0
	}
	return float64(m.samples[len(m.samples)-1].done-m.samples[0].done) / span.Seconds()
}

// roundLeft is a time left as exact as it deserves: to the second, to five seconds above a minute, to the minute above ten.
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
	const most = 1e6 // a rate that gives more than this says nothing
	return time.Duration(min(seconds, most) * float64(time.Second))
}
