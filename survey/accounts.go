package survey

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"reseal/campaign/list"
	"reseal/internal/plain"
)

// What a file of accounts may hold at most.
const (
	MaxAccountsFile = 1 << 20 // bytes
	maxAccounts     = 2000
)

// accountColumns are the columns that a file of accounts can have.
var accountColumns = []string{"role", "external-id", "alias"}

// ParseAccounts reads a file of accounts: CSV whose first line names its columns. Role is
// needed, the ARN of a role in the account; external-id and alias are not. A column
// that is none of these, and a role that stands twice, are errors.
func ParseAccounts(text []byte) ([]Account, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comment, r.TrimLeadingSpace = '#', true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("nothing is in it; want a first line such as role,external-id,alias")
	}
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := at[name]; twice || !slices.Contains(accountColumns, name) {
			return nil, fmt.Errorf("line 1: column %q: want each of %s once at most", shortText(name), strings.Join(accountColumns, ", "))
		}
		at[name] = i
	}
	if _, ok := at["role"]; !ok {
		return nil, errors.New("line 1: there is no column role")
	}
	var all []Account
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		a, err := accountOf(record, at)
		switch {
		case err != nil:
		case len(all) == maxAccounts:
			err = fmt.Errorf("more than %d accounts", maxAccounts)
		case slices.ContainsFunc(all, func(o Account) bool { return o.ID == a.ID }):
			err = fmt.Errorf("account %s stands there already", a.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		all = append(all, a)
	}
	if len(all) == 0 {
		return nil, errors.New("no account stands below its first line")
	}
	return all, nil
}

func accountOf(record []string, at map[string]int) (a Account, err error) {
	cell := func(name string) string {
		if i, ok := at[name]; ok {
			return strings.TrimSpace(record[i])
		}
		return ""
	}
	a = Account{Role: cell("role"), ExternalID: cell("external-id"), Alias: cell("alias")}
	ok := false
	if a.ID, ok = list.ValidRole(a.Role); !ok {
		return a, fmt.Errorf("role %q: want an ARN such as arn:aws:iam::111122223333:role/audit", shortText(a.Role))
	}
	if a.ExternalID != "" && !list.ValidExternalID(a.ExternalID) {
		return a, errors.New("external-id: STS takes none like this")
	}
	if plain.Text(a.Alias) != a.Alias || len(a.Alias) > 100 {
		return a, fmt.Errorf("alias %q: want a short name", shortText(a.Alias))
	}
	return a, nil
}

// shortText is text from a file in an error.
func shortText(s string) string { return plain.Name(s, 80) }
