package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Principals are whom a statement is about.
type Principals struct {
	Anyone    bool     // "*", or {"AWS": "*"}
	AWS       []string // ARNs and account ids
	Services  []string // logging.s3.amazonaws.com, …
	Federated []string
	Canonical []string // canonical user ids
}

func parsePrincipals(data []byte) (Principals, error) {
	var p Principals
	var all string
	if json.Unmarshal(data, &all) == nil {
		if all != "*" {
			return p, fmt.Errorf("invalid principal %q", all)
		}
		p.Anyone = true
		return p, nil
	}
	members, err := Members(data)
	if err != nil {
		return p, err
	}
	if len(members) == 0 {
		return p, fmt.Errorf("no principal")
	}
	for _, m := range members {
		names, err := texts(m.Value, false)
		if err != nil {
			return p, err
		}
		switch m.Name {
		case "AWS":
			for _, n := range names {
				switch {
				case n == "*":
					p.Anyone = true
				case accountOf(n) == "" && !strings.HasPrefix(n, "AIDA") && !strings.HasPrefix(n, "AROA"):
					return p, fmt.Errorf("invalid principal %q", n)
				default:
					p.AWS = append(p.AWS, n)
				}
			}
		case "Service":
			for _, n := range names {
				if !strings.Contains(n, ".") {
					return p, fmt.Errorf("invalid service %q", n)
				}
			}
			p.Services = names
		case "Federated":
			p.Federated = names
		case "CanonicalUser":
			p.Canonical = names
		default:
			return p, fmt.Errorf("unknown kind of principal %s", m.Name)
		}
	}
	return p, nil
}

// Principal is who sends a request.
type Principal struct {
	ARN     string // of a user, role, role session or account root; "" for services
	Account string // 12 digits
	Service string // of an AWS service that calls on its own behalf, "" else
}

// Root tells whether p is the root user of its account.
func (p *Principal) Root() bool { return strings.HasSuffix(p.ARN, ":root") }

// role returns the ARN of the role that a session was assumed from, p's own
// ARN for everybody else. It is what aws:PrincipalArn says. A path of the role
// is not part of a session's ARN, so it is missing here, too.
func (p *Principal) role() string {
	f := strings.SplitN(p.ARN, ":", 6)
	if len(f) < 6 || f[2] != "sts" {
		return p.ARN
	}
	rest, ok := strings.CutPrefix(f[5], "assumed-role/")
	if !ok {
		return p.ARN
	}
	name, _, _ := strings.Cut(rest, "/")
	return strings.Join([]string{f[0], f[1], "iam", "", f[4], "role/" + name}, ":")
}

// who says how principals of a statement and a request's principal meet.
type who uint8

const (
	stranger  who = iota
	byAccount     // the principal's account is named
	named         // the principal itself, or everybody
)

func (p *Principals) meet(q *Principal) who {
	if q.Service != "" {
		if p.Anyone || slices.Contains(p.Services, q.Service) {
			return named
		}
		return stranger
	}
	if p.Anyone {
		return named
	}
	account := false
	role := q.role()
	for _, n := range p.AWS {
		switch {
		case n == q.ARN || n == role:
			return named
		case n == q.Account || strings.HasSuffix(n, ":root") && accountOf(n) == q.Account:
			account = true
		}
	}
	if account {
		return byAccount
	}
	return stranger
}

// accountOf returns the account of an IAM or STS ARN or of a bare account id,
// "" where name is neither.
func accountOf(name string) string {
	if f := strings.SplitN(name, ":", 6); len(f) == 6 && f[0] == "arn" && (f[2] == "iam" || f[2] == "sts") {
		name = f[4]
	}
	if len(name) != 12 || strings.Trim(name, "0123456789") != "" {
		return ""
	}
	return name
}
