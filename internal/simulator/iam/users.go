package iam

import (
	"encoding/xml"
	"net/url"
	"slices"
	"strconv"
	"time"

	"reseal/internal/simulator"
	"reseal/policy"
)

const timeFormat = "2006-01-02T15:04:05Z"

type userResult struct {
	XMLName xml.Name
	User    userElement
}

type userElement struct{ Path, UserName, UserId, Arn, CreateDate string }

func (e *entity) user(action string) userResult {
	return userResult{XMLName: xml.Name{Local: action + "Result"},
		User: userElement{e.path, e.name, e.id, e.arn, e.created.UTC().Format(timeFormat)}}
}

func createUser(d *Directory, w *simulator.World, in *Request) (any, *simulator.Error) {
	e, err := d.create(w, in, "user", "UserName", "AIDA", d.users)
	if err != nil {
		return nil, err
	}
	return e.user(in.Action), nil
}

// create makes a user or a role without policies.
func (d *Directory) create(w *simulator.World, in *Request, kind, nameField, prefix string, all map[string]*entity) (*entity, *simulator.Error) {
	name := in.Form.Get(nameField)
	path, err := pathOf(in)
	if err != nil {
		return nil, err
	}
	if name == "" {
		return nil, fail(400, "ValidationError", "1 validation error detected: Value at '"+nameField+"' failed to satisfy constraint: Member must not be null")
	}
	e := &entity{name: name, path: path, id: in.uniqueID(prefix), arn: d.arn(kind, path, name), created: in.Now, inline: map[string][]byte{}}
	if err := d.allow(w, in, e.arn); err != nil {
		return nil, err
	}
	if all[name] != nil {
		return nil, fail(409, "EntityAlreadyExists", kind+" with name "+name+" already exists.")
	}
	all[name] = e
	return e, nil
}

// find looks a user or role up and asks whether the caller may do this to it.
// Whoever may not see one is told nothing about whether it is there.
func (d *Directory) find(w *simulator.World, in *Request, kind, nameField string, all map[string]*entity) (*entity, *simulator.Error) {
	name := in.Form.Get(nameField)
	e := all[name]
	arn := d.arn(kind, "/", name)
	if e != nil {
		arn = e.arn
	}
	if err := d.allow(w, in, arn); err != nil {
		return nil, err
	}
	if e == nil {
		return nil, fail(404, "NoSuchEntity", "The "+kind+" with name "+name+" cannot be found.")
	}
	return e, nil
}

func (d *Directory) findUser(w *simulator.World, in *Request) (*entity, *simulator.Error) {
	return d.find(w, in, "user", "UserName", d.users)
}

func (d *Directory) findRole(w *simulator.World, in *Request) (*entity, *simulator.Error) {
	return d.find(w, in, "role", "RoleName", d.roles)
}

// Exists tells whether the account has a user or role of that ARN or unique id.
func (d *Directory) Exists(name string) bool {
	for _, all := range []map[string]*entity{d.users, d.roles} {
		for _, e := range all {
			if name == e.arn || name == e.id {
				return true
			}
		}
	}
	return false
}

func deleteUser(d *Directory, w *simulator.World, in *Request) (any, *simulator.Error) {
	e, err := d.findUser(w, in)
	if err != nil {
		return nil, err
	}
	return nil, d.remove(w, e, d.users)
}

func deleteRole(d *Directory, w *simulator.World, in *Request) (any, *simulator.Error) {
	e, err := d.findRole(w, in)
	if err != nil {
		return nil, err
	}
	return nil, d.remove(w, e, d.roles)
}

// remove deletes a user or role. One with policies stays (IAM API Reference, DeleteUser
// and DeleteRole, read 2026-11-29); access keys, which keep one as well, are not known
// here.
func (d *Directory) remove(w *simulator.World, e *entity, all map[string]*entity) *simulator.Error {
	if len(e.inline)+len(e.attached) > 0 {
		return fail(409, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	}
	delete(all, e.name)
	if err := d.regrant(e); err != nil {
		return err
	}
	w.Forget(e.arn, e.id)
	return nil
}

func getUser(d *Directory, w *simulator.World, in *Request) (any, *simulator.Error) {
	e, err := d.findUser(w, in)
	if err != nil {
		return nil, err
	}
	return e.user(in.Action), nil
}

type roleResult struct {
	XMLName xml.Name
	Role    roleElement
}

type roleElement struct {
	Path, RoleName, RoleId, Arn, CreateDate string
	AssumeRolePolicyDocument                string // URL-encoded (IAM API Reference, Role)
	MaxSessionDuration                      int
}

func (e *entity) role(action string) roleResult {
	return roleResult{XMLName: xml.Name{Local: action + "Result"},
		Role: roleElement{e.path, e.name, e.id, e.arn, e.created.UTC().Format(timeFormat), url.PathEscape(string(e.trust)), int(e.longest / time.Second)}}
}

func createRole(d *Directory, w *simulator.World, in *Request) (any, *simulator.Error) {
	trust, err := checked(policy.Trust, in.Form.Get("AssumeRolePolicyDocument"))
	if err != nil {
		return nil, err
	}
	longest := 3600
	if text := in.Form.Get("MaxSessionDuration"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 3600 || n > 43200 {
			return nil, fail(400, "ValidationError", "MaxSessionDuration must be between 3600 and 43200 seconds.")
		}
		longest = n
	}
	e, err := d.create(w, in, "role", "RoleName", "AROA", d.roles)
	if err != nil {
		return nil, err
	}
	e.trust, e.longest = trust, time.Duration(longest)*time.Second
	return e.role(in.Action), nil
}

func getRole(d *Directory, w *simulator.World, in *Request) (any, *simulator.Error) {
	e, err := d.findRole(w, in)
	if err != nil {
		return nil, err
	}
	return e.role(in.Action), nil
}

type policyResult struct {
	XMLName xml.Name `xml:"CreatePolicyResult"`
	Policy  struct {
		PolicyName, PolicyId, Arn, Path, DefaultVersionId string
		AttachmentCount                                   int
		IsAttachable                                      bool
		CreateDate, UpdateDate                            string
	}
}

func createPolicy(d *Directory, w *simulator.World, in *Request) (any, *simulator.Error) {
	path, err := pathOf(in)
	if err != nil {
		return nil, err
	}
	name := in.Form.Get("PolicyName")
	p := &managedPolicy{name: name, path: path, id: in.uniqueID("ANPA"), arn: d.arn("policy", path, name), created: in.Now}
	if err := d.allow(w, in, p.arn); err != nil {
		return nil, err
	}
	if d.managed[p.arn] != nil {
		return nil, fail(409, "EntityAlreadyExists", "A policy called "+name+" already exists. Duplicate names are not allowed.")
	}
	if p.document, err = checked(policy.Identity, in.Form.Get("PolicyDocument")); err != nil {
		return nil, err
	}
	d.managed[p.arn] = p
	var out policyResult
	o := &out.Policy
	o.PolicyName, o.PolicyId, o.Arn, o.Path, o.DefaultVersionId, o.IsAttachable = p.name, p.id, p.arn, p.path, "v1", true
	o.CreateDate = p.created.UTC().Format(timeFormat)
	o.UpdateDate = o.CreateDate
	return out, nil
}

func attachUserPolicy(d *Directory, w *simulator.World, in *Request) (any, *simulator.Error) {
	e, err := d.findUser(w, in)
	if err != nil {
		return nil, err
	}
	return nil, d.attach(e, in.Form.Get("PolicyArn"))
}

func attachRolePolicy(d *Directory, w *simulator.World, in *Request) (any, *simulator.Error) {
	e, err := d.findRole(w, in)
	if err != nil {
		return nil, err
	}
	return nil, d.attach(e, in.Form.Get("PolicyArn"))
}

func (d *Directory) attach(e *entity, arn string) *simulator.Error {
	if d.managed[arn] == nil {
		return fail(404, "NoSuchEntity", "Policy "+arn+" does not exist or is not attachable.")
	}
	if !slices.Contains(e.attached, arn) {
		e.attached = append(e.attached, arn)
	}
	return d.regrant(e)
}

func putUserPolicy(d *Directory, w *simulator.World, in *Request) (any, *simulator.Error) {
	e, err := d.findUser(w, in)
	if err != nil {
		return nil, err
	}
	return nil, d.put(e, in)
}

func putRolePolicy(d *Directory, w *simulator.World, in *Request) (any, *simulator.Error) {
	e, err := d.findRole(w, in)
	if err != nil {
		return nil, err
	}
	return nil, d.put(e, in)
}

func (d *Directory) put(e *entity, in *Request) *simulator.Error {
	doc, err := checked(policy.Identity, in.Form.Get("PolicyDocument"))
	if err != nil {
		return err
	}
	e.inline[in.Form.Get("PolicyName")] = doc
	return d.regrant(e)
}

type accessKeyResult struct {
	XMLName   xml.Name `xml:"CreateAccessKeyResult"`
	AccessKey struct{ UserName, AccessKeyId, Status, SecretAccessKey, CreateDate string }
}

func createAccessKey(d *Directory, w *simulator.World, in *Request) (any, *simulator.Error) {
	e, err := d.findUser(w, in)
	if err != nil {
		return nil, err
	}
	in.Made = &Credentials{AccessKeyID: in.uniqueID("AKIA"), SecretKey: "simulated/" + in.ID, Account: d.account, ARN: e.arn, UserID: e.id}
	var out accessKeyResult
	k := &out.AccessKey
	k.UserName, k.AccessKeyId, k.Status, k.SecretAccessKey = e.name, in.Made.AccessKeyID, "Active", in.Made.SecretKey
	k.CreateDate = in.Now.UTC().Format(timeFormat)
	return out, nil
}
