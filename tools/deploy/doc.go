// Package deploy checks what the folder deploy has: the chart by Helm's own library, and
// what it makes by the types of Kubernetes itself. They are too many modules for the
// program's own go.mod. There is no code in it.
package deploy
