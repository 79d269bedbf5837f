package certify

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"reseal/internal/smallfile"
)

// Signers are the lines of a file of allowed signers, as ssh-keygen -Y verify reads it
// (ssh-keygen(1), ALLOWED SIGNERS, OpenSSH 9.2). Lines of a certificate authority are
// passed over: this program signs with plain keys.
type Signers []signerLine

// signerLine is one key with who it is of.
type signerLine struct {
	principals string
	key        ssh.PublicKey
	namespaces []string // patterns; nil for any
	after      time.Time
	before     time.Time // zero for none
}

// maxSigners is how large a file of allowed signers may be, in bytes.
const maxSigners = 1 << 20

// ReadSigners reads a file of allowed signers.
func ReadSigners(file string) (Signers, error) {
	text, err := smallfile.Read(file, maxSigners)
	if err != nil {
		return nil, err
	}
	all := Signers{}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		s, authority, err := parseSigner(line)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, number, err)
		}
		if !authority {
			all = append(all, s)
		}
	}
	return all, nil
}

// parseSigner reads one line: principals, options, key.
func parseSigner(line string) (s signerLine, authority bool, err error) {
	var rest string
	if quoted, is := strings.CutPrefix(line, `"`); is {
		s.principals, rest, _ = strings.Cut(quoted, `"`)
	} else if at := strings.IndexAny(line, " \t"); at > 0 {
		s.principals, rest = line[:at], line[at:]
	}
	var options []string
	s.key, _, options, _, err = ssh.ParseAuthorizedKey(bytes.TrimSpace([]byte(rest)))
	if err != nil || s.principals == "" {
		return s, false, errors.New("want principals, options and a public key, as in: ops@example.com namespaces=\"" + Namespace + "\" ssh-ed25519 AAAA...")
	}
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		value = strings.Trim(value, `"`)
		switch strings.ToLower(name) {
		case "cert-authority":
			authority = true
		case "namespaces":
			s.namespaces = strings.Split(value, ",")
		case "valid-after":
			s.after, err = parseTime(value)
		case "valid-before":
			s.before, err = parseTime(value)
		default:
			err = fmt.Errorf("option %q is not known", name)
		}
		if err != nil {
			return s, false, err
		}
	}
	return s, authority, nil
}

// parseTime reads a time as ssh-keygen has it: YYYYMMDD[HHMM[SS]], of this machine's zone
// unless it ends in Z.
func parseTime(text string) (time.Time, error) {
	digits, utc := strings.CutSuffix(text, "Z")
	zone := time.Local
	if utc {
		zone = time.UTC
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(layout) == len(digits) {
			return time.ParseInLocation(layout, digits, zone)
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time such as 20261130 or 202611301200Z", text)
}

// who returns the principals of a key that may sign certificates at a time, or why there
// are none.
func (s Signers) who(key ssh.PublicKey, at time.Time) (principals string, err error) {
	err = errors.New("is by a key that the allowed signers do not have: " + fingerprint(key))
	for i := range s {
		l := &s[i]
		switch {
		case !bytes.Equal(l.key.Marshal(), key.Marshal()):
		case l.namespaces != nil && !matchesAny(l.namespaces, Namespace):
			err = fmt.Errorf("is by a key of %s that may not sign for %q", l.principals, Namespace)
		case at.Before(l.after) || !l.before.IsZero() && at.After(l.before):
			err = fmt.Errorf("is by a key of %s that is not valid now", l.principals)
		default:
			return l.principals, nil
		}
	}
	return "", err
}

// matchesAny tells whether a name is in a list of patterns, and in none that begins with
// "!".
func matchesAny(patterns []string, name string) bool {
	found := false
	for _, p := range patterns {
		if not, is := strings.CutPrefix(p, "!"); is {
			if matches(not, name) {
				return false
			}
			continue
		}
		found = found || matches(p, name)
	}
	return found
}

// matches compares with a pattern of * and ?. Its time is the product of both lengths.
func matches(pattern, name string) bool {
	now := make([]bool, len(name)+1) // which beginnings of name the pattern so far matches
	now[0] = true
	for _, c := range []byte(pattern) {
		next := make([]bool, len(name)+1)
		for i := range now {
			switch {
			case c == '*':
				next[i] = now[i] || i > 0 && next[i-1]
			case i > 0:
				next[i] = now[i-1] && (c == '?' || c == name[i-1])
			}
		}
		now = next
	}
	return now[len(name)]
}
