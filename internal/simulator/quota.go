package simulator

import "time"

// A meter counts events in the second that ends with the latest one. It remembers each event of that second, so that
// its answer is exact for every window and not only for seconds of the clock.
type meter struct {
	times []int64 // ring of unix nanoseconds, oldest at head
	head  int
	n     int
}

// take counts one event at now unless the last second, this event included, would then hold more than limit. A limit
// of 0 is none.
func (m *meter) take(now time.Time, limit int) bool {
	t := now.UnixNano()
	for m.n > 0 && m.times[m.head] <= t-int64(time.Second) {
		m.head = (m.head + 1) % len(m.times)
		m.n--
	}
	if limit > 0 && m.n >= limit {
		return false
	}
	if m.n == len(m.times) {
		grown := make([]int64, max(16, 2*m.n))
		for i := range m.n {
			grown[i] = m.times[(m.head+i)%m.n]
		}
		m.times, m.head = grown, 0
	}
	m.times[(m.head+m.n)%len(m.times)] = t
	m.n++
	return true
}

// takeRequest takes one request from the quota of the key's partition.
func (c *call) takeRequest(b *bucket, key string, d direction) *Error {
	limit, cause, mark := 0, throttleRead, byte('r')
	switch d {
	case neither:
		return nil
	case reading:
		limit = c.w.cfg.S3ReadsPerSecond
	case writing:
		limit, cause, mark = c.w.cfg.S3WritesPerSecond, throttleWrite, 'w'
	}
	if limit == 0 {
		return nil
	}
	name := b.name + "\x00" + partition(key, c.w.cfg.PartitionDepth) + "\x00" + string(mark)
	m := c.w.meters[name]
	if m == nil {
		m = &meter{}
		c.w.meters[name] = m
	}
	if !m.take(c.now, limit) {
		return slowDown(cause)
	}
	return nil
}

// partition is the key up to and with its depth-th slash, or as many as there are.
func partition(key string, depth int) string {
	end := 0
	for i := 0; i < len(key) && depth > 0; i++ {
		if key[i] == '/' {
			end = i + 1
			depth--
		}
	}
	return key[:end]
}
