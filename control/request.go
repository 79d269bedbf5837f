package control

import (
	"fmt"
	"math"
	"strings"
	"time"

	"reseal/report"
)

// Request is one line to a run. docs/control.md describes requests and answers.
type Request struct {
	Command string  `json:"command"`         // status, pause, resume, kms-rps, concurrency or drain
	Value   float64 `json:"value,omitempty"` // of kms-rps and concurrency
	Force   bool    `json:"force,omitempty"` // a kms-rps above the quota, too
	By      Sender  `json:"by,omitzero"`     // who says so, as far as they tell
}

// Sender is who steers a run.
type Sender struct {
	User string `json:"user,omitempty"` // of the system
	Host string `json:"host,omitempty"`
	PID  int    `json:"pid,omitempty"`
}

// Order is a request that changed something in a run.
type Order struct {
	Time time.Time `json:"time"`
	By   Sender    `json:"by"`

	Command string  `json:"command"`
	Value   float64 `json:"value,omitempty"` // of kms-rps and concurrency
	Was     float64 `json:"was,omitempty"`   // before
}

// String is for people.
func (o *Order) String() string {
	text := o.Command
	if o.Value != 0 {
		text += fmt.Sprintf(" %v, was %v", o.Value, o.Was)
	}
	if o.By.User == "" && o.By.Host == "" && o.By.PID == 0 {
		return text + ", by somebody who did not say"
	}
	return text + fmt.Sprintf(", by %s on %s, process %d", o.By.User, o.By.Host, o.By.PID)
}

// Answer is the line that comes back.
type Answer struct {
	OK      bool    `json:"ok"`
	Error   string  `json:"error,omitempty"`
	Warning string  `json:"warning,omitempty"`
	Status  *Status `json:"status,omitempty"` // after the request was carried out
}

// MaxConcurrency is the most objects in flight that can be asked for.
const MaxConcurrency = 100_000

// minKMSRate is the lowest rate that an operator can set, a request in a hundred
// seconds. Less would be a pause that no status shows.
const minKMSRate = 0.01

// Execute carries out one request of the operator.
func (c *Controller) Execute(r Request) *Answer {
	a := &Answer{OK: true}
	order := Order{Time: time.Now().UTC().Truncate(time.Second), By: r.By, Command: r.Command, Value: r.Value}
	switch r.Command {
	case "status":
	case "pause":
		if !c.setPause(true, Operator, func() string { return "until reseal ctl resume" }) {
			a.Warning = "it is paused by the operator already, or ending"
		}
	case "resume":
		if !c.setPause(false, Operator, nil) {
			a.Warning = "it was not paused by the operator"
		}
	case "kms-rps":
		if !(r.Value >= minKMSRate) || math.IsInf(r.Value, 0) {
			return &Answer{Error: fmt.Sprintf("kms-rps wants a rate of %v or more; to send nothing there is pause", minKMSRate)}
		}
		a.Warning = AboveQuota(r.Value, c.cfg.KMSQuota, "the quota of")
		if a.Warning != "" && !r.Force {
			return &Answer{Error: a.Warning + "; nothing was changed. --force takes it all the same"}
		}
		if shared := c.sharedCap(); shared > 0 && r.Value > shared {
			note := fmt.Sprintf("the cap of %s, which all runs of the campaign share, holds as before; this run sends no more", report.Rate(shared))
			a.Warning = strings.TrimPrefix(a.Warning+"; "+note, "; ")
		}
		order.Was = c.setWantedCap(r.Value)
	case "concurrency":
		if r.Value != math.Trunc(r.Value) || r.Value < 1 || r.Value > MaxConcurrency {
			return &Answer{Error: "concurrency wants a whole number of 1 to " + report.Count(MaxConcurrency)}
		}
		order.Was = float64(c.concurrency.Swap(int64(r.Value)))
	case "drain":
		c.drain()
	default:
		return &Answer{Error: fmt.Sprintf("no command %q; there are status, pause, resume, kms-rps, concurrency and drain", r.Command)}
	}
	if r.Command != "status" {
		c.cfg.Log.Info("order", "command", r.Command, "value", r.Value, "by", r.By)
		if c.cfg.Ordered != nil {
			c.cfg.Ordered(order)
		}
	}
	st := c.Status()
	a.Status = &st
	return a
}

// AboveQuota is the warning about a cap on KMS requests above the quota. It is ""
// where the cap is not, or the quota is not known. Both are requests a second;
// whose names the quota, as "the quota of".
func AboveQuota(rps, quota float64, whose string) string {
	if quota <= 0 || rps <= quota {
		return ""
	}
	return fmt.Sprintf("the KMS cap of %s is above %s %s: KMS will throttle this run and everybody else in the account", report.Rate(rps), whose, report.Rate(quota))
}
