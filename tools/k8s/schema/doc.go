// Package schema reads the manifests of the folder deploy by the types of an older
// version of Kubernetes than tools/deploy does. A module has one version of these
// types, so this one has a module of its own. There is no code in it.
package schema
