package job

import "reseal/control"

// Socket is the control socket of a job, or of a share of it. Nothing is made.
func Socket(name string, share Share) control.Socket {
	if InBucket(name) {
		return control.RemoteSocket(name, share.Index, share.Count)
	}
	return control.FolderSocket(name)
}
