package simaws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"reseal/internal/simulator/access"
	"reseal/internal/simulator/front"
	"reseal/internal/smallfile"
)

// User is an identity beside the administrator.
type User struct {
	Name            string // of a user of the account, or a full ARN
	AccessKeyId     string
	SecretAccessKey string
	Policies        []json.RawMessage // of the identity; without one it may do nothing
}

// Role is a role of another account that can be assumed.
type Role struct {
	ARN      string
	Trust    json.RawMessage   // its trust policy
	Policies []json.RawMessage // what it may do
}

// identitiesOf are the identities of an account, and what they may do.
func identitiesOf(users []User) ([]front.Identity, *access.Rules, error) {
	rules := access.New()
	rules.Admin(Administrator)
	all := []front.Identity{{AccessKeyID: AccessKeyID, SecretKey: SecretKey, AccountID: AccountID, ARN: Administrator}}
	for _, u := range users {
		id := front.Identity{AccessKeyID: u.AccessKeyId, SecretKey: u.SecretAccessKey, AccountID: AccountID, ARN: u.Name}
		if f := strings.SplitN(u.Name, ":", 6); len(f) == 6 {
			id.AccountID = f[4]
		} else {
			id.ARN = "arn:aws:iam::" + AccountID + ":user/" + u.Name
		}
		if err := rules.Grant(id.ARN, texts(u.Policies)...); err != nil {
			return nil, nil, err
		}
		all = append(all, id)
	}
	return all, rules, nil
}

func texts(policies []json.RawMessage) [][]byte {
	out := make([][]byte, len(policies))
	for i, p := range policies {
		out[i] = p
	}
	return out
}

// maxUsers is the size, in bytes, of the largest file of users that is read.
const maxUsers = 4 << 20

// ReadUsers reads a file of users:
//
//	{"Users": [{"Name": "reader", "AccessKeyId": "READER", "SecretAccessKey": "…", "Policies": [{"Version": …}]}]}
func ReadUsers(name string) ([]User, error) {
	data, err := smallfile.Read(name, maxUsers)
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	users, err := ParseUsers(data)
	if err != nil {
		return nil, fmt.Errorf("read users of %s: %w", name, err)
	}
	return users, nil
}

// ParseUsers takes users from the text of such a file.
func ParseUsers(data []byte) ([]User, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var file struct{ Users []User }
	if err := d.Decode(&file); err != nil {
		return nil, err
	}
	return file.Users, nil
}
