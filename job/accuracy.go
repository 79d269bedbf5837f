package job

// How a figure relates to the true value.
const (
	Exact   = "exact"
	AtMost  = "at most"
	AtLeast = "at least"
	About   = "about" // a divided job of which a share was cut off: some requests may count twice, others not at all
)

// Accuracy says of the figures of a job whether they are exact. A run that was cut off
// recorded neither what it had under way nor what it sent last.
type Accuracy struct {
	Done     string `json:"done"`
	Requests string `json:"requests"`
	KMSCalls string `json:"kms_calls_max"` // at most, and where requests are at least: of those that are counted
	Spent    string `json:"spent_max_usd"` // set aside before it is spent, so that no crash makes it too low
}

// Accuracy returns the accuracy of a job's figures. finished: all rows are settled.
func (h *History) Accuracy(finished bool) Accuracy {
	f := Accuracy{Done: Exact, Requests: Exact, KMSCalls: AtMost, Spent: AtMost}
	if h.RunsCutOff == 0 && !h.Running {
		return f
	}
	f.Requests = AtLeast
	if h.Settled == nil && h.Unsettled != (RequestCount{}) {
		f.Requests, f.KMSCalls = About, About
	}
	if !finished {
		f.Done = AtLeast
	}
	return f
}

// ExceptRunning takes running runs out of those that recorded no end. running is
// about a job without shares.
func (h *History) ExceptRunning(running bool, shares []ShareStatus) {
	live := int64(0)
	for i := range shares {
		if shares[i].State == ShareRunning {
			live++
		}
	}
	if len(shares) == 0 && running {
		live = 1
	}
	h.RunsCutOff, h.Running = max(h.RunsCutOff-live, 0), live > 0
}
