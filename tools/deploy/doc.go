// Package deploy checks the manifests for Kubernetes in the folder deploy by the
// types of Kubernetes itself. They are too many modules for the program's own go.mod.
// There is no code in it.
package deploy
