package main

import (
	"fmt"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
)

// variables are the environment of a container, and nothing else of this machine's.
type variables map[string]string

func (v variables) set(name, value string) { v[name] = value }

// list is the environment as NAME=value, sorted.
func (v variables) list() (all []string) {
	for name, value := range v {
		all = append(all, name+"="+value)
	}
	slices.Sort(all)
	return all
}

// environment resolves the variables of a container in their order: each may refer to
// those before it.
func environment(p *core.Pod, list []core.EnvVar) (variables, error) {
	all := variables{}
	for _, e := range list {
		value := all.expand(e.Value)
		if from := e.ValueFrom; from != nil {
			if from.FieldRef == nil {
				return nil, fmt.Errorf("variable %s: only fields of the pod can be looked up", e.Name)
			}
			var err error
			if value, err = field(p, from.FieldRef.FieldPath); err != nil {
				return nil, fmt.Errorf("variable %s: %w", e.Name, err)
			}
		}
		all.set(e.Name, value)
	}
	return all, nil
}

// field is a field of the downward API. A label or annotation that is absent is empty.
func field(p *core.Pod, path string) (string, error) {
	if name, ok := strings.CutSuffix(path, "']"); ok {
		if label, ok := strings.CutPrefix(name, "metadata.labels['"); ok {
			return p.Labels[label], nil
		}
		if annotation, ok := strings.CutPrefix(name, "metadata.annotations['"); ok {
			return p.Annotations[annotation], nil
		}
	}
	switch path {
	case "metadata.name":
		return p.Name, nil
	case "metadata.namespace":
		return p.Namespace, nil
	case "metadata.uid":
		return string(p.UID), nil
	case "spec.nodeName":
		return p.Spec.NodeName, nil
	case "spec.serviceAccountName":
		return p.Spec.ServiceAccountName, nil
	case "status.hostIP", "status.podIP":
		return loopback, nil
	}
	return "", fmt.Errorf("%s is no field of the downward API that is known here", path)
}

func (v variables) expandAll(texts []string) []string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = v.expand(text)
	}
	return all
}

// expand replaces $(NAME) by the value of a variable that is set, and leaves it where
// none is; $$ is a dollar sign (Kubernetes, "Define Dependent Environment Variables").
func (v variables) expand(text string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		if rest, ok := strings.CutPrefix(after, "$"); ok {
			b.WriteByte('$')
			text = rest
			continue
		}
		name, rest, closed := strings.Cut(strings.TrimPrefix(after, "("), ")")
		value, set := v[name]
		if !strings.HasPrefix(after, "(") || !closed || !set {
			b.WriteByte('$') // as it stands
			text = after
			continue
		}
		b.WriteString(value)
		text = rest
	}
}
