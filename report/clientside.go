package report

import "strings"

// MostClientKeys is how many of the objects that clients encrypt are named.
const MostClientKeys = 3

// ClientEncrypted are objects that a client encrypted before it uploaded them, as far
// as a HeadObject showed it.
type ClientEncrypted struct {
	Objects int64    `json:"objects"`
	Keys    []string `json:"keys"` // of up to three
}

// IsZero tells whether there are none, for JSON.
func (c ClientEncrypted) IsZero() bool { return c.Objects == 0 }

// ClientLayer says what a run means to such objects.
const ClientLayer = "only S3's own layer of encryption changes; the client's stays, and so do its keys"

// text says how many there are, some keys, and what a run means to them; "" for none.
func (c ClientEncrypted) text() string {
	if c.Objects == 0 {
		return ""
	}
	return c.Named() + ": " + ClientLayer
}

// Named says how many there are, and names some.
func (c ClientEncrypted) Named() string {
	text := Plural(c.Objects, "object")
	if len(c.Keys) > 0 {
		var shown []string
		for _, k := range c.Keys {
			shown = append(shown, visible(k, 60))
		}
		text += " (" + strings.Join(shown, ", ")
		if c.Objects > int64(len(c.Keys)) {
			text += ", …"
		}
		text += ")"
	}
	return text
}
