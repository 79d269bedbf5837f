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
				case accountOf(n) == "" && !Gone(n) && !originAccess(n):
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
	ARN       string // of a user, role, role session or account root; "" for services
	Role      string // of a role session: the ARN of its role with the path, "" where that is not known
	Account   string // 12 digits
	Service   string // of an AWS service that calls on its own behalf, "" else
	Anonymous bool   // nobody signed the request; the other fields are ""
}

// Root tells whether p is the root user of its account.
func (p *Principal) Root() bool { return strings.HasSuffix(p.ARN, ":root") }

// RoleName is the name of the role that p is a session of; false for everybody else.
func (p *Principal) RoleName() (string, bool) {
	_, name, ok := p.session()
	return name, ok
}

// session takes the ARN of a role session apart: what stands before the path
// and the name of the role in its ARN, and the name; false for everybody else.
func (p *Principal) session() (before, name string, ok bool) {
	f := strings.SplitN(p.ARN, ":", 6)
	if len(f) < 6 || f[2] != "sts" {
		return "", "", false
	}
	rest, ok := strings.CutPrefix(f[5], "assumed-role/")
	if !ok {
		return "", "", false
	}
	name, _, _ = strings.Cut(rest, "/")
	return strings.Join([]string{f[0], f[1], "iam", "", f[4], "role/"}, ":"), name, true
}

// roles returns what the ARN of the caller's role may be, as aws:PrincipalArn
// says it: one, p's own, for everybody but sessions of a role that is not known.
// A session's ARN does not have the path of its role, so for those it is the
// role without a path and, with pathKept for it, the role below any path.
func (p *Principal) roles() []string {
	if p.Role != "" {
		return []string{p.Role}
	}
	before, name, ok := p.session()
	if !ok {
		return present(p.ARN)
	}
	return []string{before + name, before + pathKept + "/" + name}
}

// pathKept stands for the path of a role that is not known. No pattern has
// these letters, so only a wildcard matches them.
const pathKept = "\x00/\x00"

// hasRole tells whether the caller is a session of the role of that ARN.
func (p *Principal) hasRole(arn string) Answer {
	if p.Role != "" {
		return answer(arn == p.Role)
	}
	before, name, ok := p.session()
	if !ok {
		return No
	}
	if rest, ok := strings.CutPrefix(arn, before); ok && rest[strings.LastIndexByte(rest, '/')+1:] == name {
		return Maybe // the path decides
	}
	return No
}

// who says how principals of a statement and a request's principal meet.
type who uint8

const (
	stranger  who = iota
	byAccount     // the principal's account is named
	named         // the principal itself, or everybody
)

// meet tells how p and q meet, and how sure that is.
func (p *Principals) meet(q *Principal) (who, Answer) {
	if q.Service != "" {
		if p.Anyone || slices.Contains(p.Services, q.Service) {
			return named, Yes
		}
		return stranger, No
	}
	if p.Anyone {
		return named, Yes
	}
	if q.Anonymous {
		return stranger, No
	}
	itself := p.byName(q)
	switch {
	case itself == Yes:
		return named, Yes
	case p.account(q):
		return byAccount, Yes // an Allow is then the account's to give; a Deny meets all the same
	case itself == Maybe:
		return named, Maybe
	}
	return stranger, No
}

// byName tells whether q is named itself, not only by its account.
func (p *Principals) byName(q *Principal) Answer {
	if q.ARN == "" { // nobody knows who calls
		return Maybe
	}
	role := No
	for _, n := range p.AWS {
		if n == q.ARN {
			return Yes
		}
		role = max(role, q.hasRole(n))
	}
	_, _, session := q.session()
	switch {
	case role != No:
		return role
	case len(p.Canonical) > 0: // the ids of accounts, which no ARN has
		return Maybe
	case len(p.Federated) > 0 && session: // whether somebody else vouched for the session, its ARN does not say
		return Maybe
	}
	return No
}

// account tells whether the account of q is named.
func (p *Principals) account(q *Principal) bool {
	return q.Account != "" && slices.ContainsFunc(p.AWS, func(n string) bool {
		return n == q.Account || strings.HasSuffix(n, ":root") && accountOf(n) == q.Account
	})
}

// exempt tells whether the principals of NotPrincipal leave q out. Its account,
// its role and its session must be named there, and of a user its account and
// itself (IAM User Guide, "reference_policies_elements_notprincipal", read
// 2026-11-29); with some of them the outcome is not documented.
func (p *Principals) exempt(q *Principal) Answer {
	who, sure := p.meet(q)
	switch {
	case who == stranger:
		return No
	case p.Anyone || q.Service != "" || q.Root() && sure == Yes:
		return sure
	}
	role := Yes
	if _, _, session := q.session(); session {
		role = No
		for _, n := range p.AWS {
			role = max(role, q.hasRole(n))
		}
	}
	if p.account(q) && slices.Contains(p.AWS, q.ARN) && role == Yes {
		return Yes
	}
	return Maybe
}

// originAccess tells an origin access identity of CloudFront, which is the one
// principal that looks like a user and has no account (Amazon CloudFront
// Developer Guide, "private-content-restricting-access-to-s3", read 2026-11-29).
func originAccess(name string) bool {
	f := strings.SplitN(name, ":", 6)
	return len(f) == 6 && f[0] == "arn" && f[2] == "iam" && f[4] == "cloudfront" && strings.HasPrefix(f[5], "user/CloudFront Origin Access Identity ")
}

// Gone tells the unique id of a user or role, which stands in the policy of a resource
// in the place of an ARN once the user or role was deleted: it matches nobody, not even
// another of the same name (IAM User Guide, "reference_policies_elements_principal",
// read 2026-11-29).
func Gone(name string) bool {
	return !strings.Contains(name, ":") && (strings.HasPrefix(name, "AIDA") || strings.HasPrefix(name, "AROA"))
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
