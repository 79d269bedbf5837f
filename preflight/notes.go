package preflight

import (
	"encoding/json"
	"fmt"
	"time"

	"reseal/plan"
	"reseal/s3api"
)

// WorthTelling is from where on it is said that the clocks differ: as far as the
// strictest of the services goes along with it.
const WorthTelling = 5 * time.Minute

// SkewNote says how far this machine's clock is from S3's, which is by later; ""
// below WorthTelling.
func SkewNote(by time.Duration) string {
	if max(by, -by) < WorthTelling {
		return ""
	}
	return s3api.SkewWords(by) + ": requests are dated by that one; set this one, timedatectl shows it"
}

// LateSkewNote is the note on clocks that went apart since the environment was found;
// "" where they did not.
func (e *Environment) LateSkewNote() string {
	by := e.Client.Skew()
	if max(by-e.Skew, e.Skew-by) < WorthTelling {
		return ""
	}
	return SkewNote(by)
}

// WayNotes say what a person should know about the way that objects are re-encrypted
// in this bucket. They stop nothing.
func (e *Environment) WayNotes() []string {
	var notes []string
	if e.Plan.Copies != plan.No {
		notes = versionNotes(&e.Policy.Options, &e.Policy.Facts)
	}
	return append(notes, updateNotes(&e.Policy.Options, &e.Policy.Facts)...)
}

// updateNotes are about objects that are updated in place.
func updateNotes(o *plan.Options, f *plan.Facts) (notes []string) {
	if !Updates(o) {
		return nil
	}
	if f.AWS != plan.Yes {
		notes = append(notes, "UpdateObjectEncryption is sent only to AWS's own endpoints, and to one that a probe has proven: a run needs --probe-key-prefix here")
	}
	if f.Replication == plan.Yes {
		notes = append(notes, "updates in place are not replicated: the replicas keep their encryption, and are to be updated by themselves")
	}
	if o.Unconfirmed > 0 {
		notes = append(notes, fmt.Sprintf("the effect of %.4g%% of the updates is not proven by a HeadObject (--confirm)", float64(o.Unconfirmed)/1e4))
	}
	return notes
}

// versionNotes give the lifecycle rule that ends what copies leave behind.
func versionNotes(o *plan.Options, f *plan.Facts) []string {
	if o.Method == plan.MethodUpdate || f.Versioning != plan.VersioningEnabled && f.Versioning != plan.VersioningSuspended {
		return nil
	}
	return []string{"copies leave the old versions behind, outside the key and paid for. This lifecycle rule expires noncurrent versions, " +
		"those of other writers too, a day after they were replaced; add it to the bucket's rules after the run, as a new configuration replaces the old one: " +
		fmt.Sprintf(`{"ID":"expire-old-versions","Status":"Enabled","Filter":{"Prefix":%s},"NoncurrentVersionExpiration":{"NoncurrentDays":1}}`, onlyPrefix(o))}
}

// onlyPrefix is the one prefix that the run is limited to, "" for the whole bucket,
// as a JSON string.
func onlyPrefix(o *plan.Options) string {
	prefix := ""
	if len(o.Prefixes) == 1 {
		prefix = o.Prefixes[0]
	}
	text, err := json.Marshal(prefix)
	if err != nil {
		panic("reseal: a string that cannot be written as JSON: " + err.Error())
	}
	return string(text)
}
