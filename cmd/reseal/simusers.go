package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"reseal/internal/simulator/access"
	"reseal/internal/simulator/front"
)

// simUsers are identities beside the simulation's own one, who is its
// administrator:
//
//	{"Users": [{"Name": "reader", "AccessKeyId": "READER", "SecretAccessKey": "…", "Policies": [{"Version": …}]}]}
type simUsers struct {
	Users []struct {
		Name            string // of a user of the simulated account, or a full ARN
		AccessKeyId     string
		SecretAccessKey string
		Policies        []json.RawMessage // of the identity
	}
}

// simIdentities are the identities that a simulation knows, and what they may do.
func simIdentities(users *simUsers) ([]front.Identity, *access.Rules, error) {
	rules := access.New()
	rules.Admin(simUser)
	all := []front.Identity{{AccessKeyID: simKeyID, SecretKey: simSecret, AccountID: simAccount, ARN: simUser}}
	if users == nil {
		return all, rules, nil
	}
	for _, u := range users.Users {
		id := front.Identity{AccessKeyID: u.AccessKeyId, SecretKey: u.SecretAccessKey, AccountID: simAccount, ARN: u.Name}
		if f := strings.SplitN(u.Name, ":", 6); len(f) == 6 {
			id.AccountID = f[4]
		} else {
			id.ARN = "arn:aws:iam::" + simAccount + ":user/" + u.Name
		}
		policies := make([][]byte, len(u.Policies))
		for i, p := range u.Policies {
			policies[i] = p
		}
		if err := rules.Grant(id.ARN, policies...); err != nil {
			return nil, nil, err
		}
		all = append(all, id)
	}
	return all, rules, nil
}

// readUsers reads a file of identities; nil where none is named.
func readUsers(name string) (*simUsers, error) {
	if name == "" {
		return nil, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	users := &simUsers{}
	if err := d.Decode(users); err != nil {
		return nil, fmt.Errorf("read users of %s: %w", name, err)
	}
	return users, nil
}
