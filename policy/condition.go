package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Condition is one operator with one key of a Condition block.
type Condition struct {
	Operator string // without qualifier and IfExists
	IfExists bool
	All, Any bool // ForAllValues, ForAnyValue
	Key      string
	Values   []string
}

// compare tells whether the value of a request meets the value of a policy.
type compare func(have, want string, expand func(string) pattern) bool

// operators are those of the IAM User Guide, "Condition operators" (read
// 2026-11-21), in their positive form; negated names end in the same test.
var operators = map[string]struct {
	test    compare
	negated bool
}{
	"StringEquals":              {test: equals},
	"StringNotEquals":           {test: equals, negated: true},
	"StringEqualsIgnoreCase":    {test: equalsFold},
	"StringNotEqualsIgnoreCase": {test: equalsFold, negated: true},
	"StringLike":                {test: like},
	"StringNotLike":             {test: like, negated: true},
	"ArnEquals":                 {test: arnLike},
	"ArnLike":                   {test: arnLike},
	"ArnNotEquals":              {test: arnLike, negated: true},
	"ArnNotLike":                {test: arnLike, negated: true},
	"NumericEquals":             {test: numbers(func(a, b float64) bool { return a == b })},
	"NumericNotEquals":          {test: numbers(func(a, b float64) bool { return a == b }), negated: true},
	"NumericLessThan":           {test: numbers(func(a, b float64) bool { return a < b })},
	"NumericLessThanEquals":     {test: numbers(func(a, b float64) bool { return a <= b })},
	"NumericGreaterThan":        {test: numbers(func(a, b float64) bool { return a > b })},
	"NumericGreaterThanEquals":  {test: numbers(func(a, b float64) bool { return a >= b })},
	"DateEquals":                {test: dates(func(a, b time.Time) bool { return a.Equal(b) })},
	"DateNotEquals":             {test: dates(func(a, b time.Time) bool { return a.Equal(b) }), negated: true},
	"DateLessThan":              {test: dates(func(a, b time.Time) bool { return a.Before(b) })},
	"DateLessThanEquals":        {test: dates(func(a, b time.Time) bool { return !a.After(b) })},
	"DateGreaterThan":           {test: dates(func(a, b time.Time) bool { return a.After(b) })},
	"DateGreaterThanEquals":     {test: dates(func(a, b time.Time) bool { return !a.Before(b) })},
	"Bool":                      {test: equalsFold},
	"BinaryEquals":              {test: equals},
	"IpAddress":                 {test: within},
	"NotIpAddress":              {test: within, negated: true},
	"Null":                      {},
}

func parseConditions(data []byte) ([]Condition, error) {
	blocks, err := Members(data)
	if err != nil {
		return nil, err
	}
	var out []Condition
	for _, block := range blocks {
		c := Condition{Operator: block.Name}
		if rest, ok := strings.CutPrefix(c.Operator, "ForAllValues:"); ok {
			c.Operator, c.All = rest, true
		} else if rest, ok := strings.CutPrefix(c.Operator, "ForAnyValue:"); ok {
			c.Operator, c.Any = rest, true
		}
		if rest, ok := strings.CutSuffix(c.Operator, "IfExists"); ok {
			c.Operator, c.IfExists = rest, true
		}
		if _, ok := operators[c.Operator]; !ok || c.Operator == "Null" && c.IfExists {
			return nil, fmt.Errorf("invalid operator %q", block.Name)
		}
		keys, err := Members(block.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", block.Name, err)
		}
		for _, k := range keys {
			if service, name, ok := strings.Cut(k.Name, ":"); !ok || service == "" || name == "" {
				return nil, fmt.Errorf("%s: invalid condition key %q", block.Name, k.Name)
			}
			c.Key = k.Name
			if c.Values, err = texts(k.Value, true); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", block.Name, k.Name, err)
			}
			if c.Operator == "Null" || c.Operator == "Bool" {
				for _, v := range c.Values {
					if !strings.EqualFold(v, "true") && !strings.EqualFold(v, "false") {
						return nil, fmt.Errorf("%s: %s: want true or false, found %q", block.Name, k.Name, v)
					}
				}
			}
			out = append(out, c)
		}
	}
	return out, nil
}

// holds tells whether a request meets the condition. A key that the request
// does not have fails all operators but the negated ones, those with IfExists
// and ForAllValues (IAM User Guide, "Condition operators", read 2026-11-21).
func (c *Condition) holds(r *Request, variables bool) Answer {
	if strings.EqualFold(c.Key, "aws:PrincipalArn") && r.Context["aws:principalarn"] == nil {
		if all := r.Principal.roles(); len(all) > 1 {
			return c.holdsOfRole(r, all, variables)
		}
	}
	have, known := r.values(c.Key)
	if !known {
		return Maybe
	}
	return c.holdsOf(r, have, variables)
}

// holdsOfRole weighs what the ARN of a role may be whose path is not known: all
// is without one, and below one that only a wildcard matches. Where the policy
// names some path, that may be the role's.
func (c *Condition) holdsOfRole(r *Request, all []string, variables bool) Answer {
	without, below := c.holdsOf(r, all[:1], variables), c.holdsOf(r, all[1:], variables)
	if without != below {
		return Maybe
	}
	before, name, _ := r.Principal.session()
	somewhere := compile(before+"*/", nil)
	somewhere = append(somewhere, []rune(name)...)
	for _, want := range c.Values {
		p, a := r.expand(want, variables)
		if c.Operator != "Null" && (a == Maybe || a == Yes && !p.match(all[1]) && overlap(p, somewhere)) {
			return Maybe
		}
	}
	return without
}

// holdsOf tells whether a request meets the condition whose key has these values.
func (c *Condition) holdsOf(r *Request, have []string, variables bool) Answer {
	if c.Operator == "Null" {
		return answer(slices.ContainsFunc(c.Values, func(v string) bool { return strings.EqualFold(v, "true") == (len(have) == 0) }))
	}
	op := operators[c.Operator]
	if len(have) == 0 {
		return answer(c.IfExists || c.All || op.negated && !c.Any)
	}
	unsure := false
	expand := func(text string) pattern {
		p, a := r.expand(text, variables)
		unsure = unsure || a == Maybe
		if a != Yes {
			return pattern{0} // matches nothing that a request can hold
		}
		return p
	}
	one := func(v string) bool {
		return slices.ContainsFunc(c.Values, func(want string) bool { return op.test(v, want, expand) }) != op.negated
	}
	result := slices.ContainsFunc(have, one)
	if c.All || op.negated && !c.Any {
		result = !slices.ContainsFunc(have, func(v string) bool { return !one(v) })
	}
	if unsure {
		return Maybe
	}
	return answer(result)
}

func equals(have, want string, expand func(string) pattern) bool {
	if !strings.Contains(want, "${") {
		return have == want
	}
	// Wildcards mean themselves here; only variables are replaced.
	masked := strings.NewReplacer("*", "${*}", "?", "${?}", "${*}", "${*}", "${?}", "${?}").Replace(want)
	return expand(masked).match(have)
}

func equalsFold(have, want string, expand func(string) pattern) bool {
	return equals(strings.ToLower(have), strings.ToLower(want), expand)
}

func like(have, want string, expand func(string) pattern) bool { return expand(want).match(have) }

// arnLike compares field by field: a wildcard does not reach beyond a colon,
// except in the last field.
func arnLike(have, want string, expand func(string) pattern) bool {
	h, w := strings.SplitN(have, ":", 6), strings.SplitN(want, ":", 6)
	if len(w) < 6 {
		return want == "*"
	}
	if len(h) < 6 {
		return false
	}
	for i := range w {
		if !expand(w[i]).match(h[i]) {
			return false
		}
	}
	return true
}

func numbers(test func(a, b float64) bool) compare {
	return func(have, want string, _ func(string) pattern) bool {
		a, err := strconv.ParseFloat(have, 64)
		b, err2 := strconv.ParseFloat(want, 64)
		return err == nil && err2 == nil && test(a, b)
	}
}

func dates(test func(a, b time.Time) bool) compare {
	parse := func(s string) (time.Time, bool) {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return time.Unix(n, 0), true
		}
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly} {
			if t, err := time.Parse(layout, s); err == nil {
				return t, true
			}
		}
		return time.Time{}, false
	}
	return func(have, want string, _ func(string) pattern) bool {
		a, ok := parse(have)
		b, ok2 := parse(want)
		return ok && ok2 && test(a, b)
	}
}

func within(have, want string, _ func(string) pattern) bool {
	ip, err := netip.ParseAddr(have)
	if err != nil {
		return false
	}
	if !strings.Contains(want, "/") {
		other, err := netip.ParseAddr(want)
		return err == nil && other == ip
	}
	network, err := netip.ParsePrefix(want)
	return err == nil && network.Contains(ip)
}
