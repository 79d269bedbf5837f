package notify

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// detach starts a child in a session of its own, which says its number to the FIFO of the
// first argument, and holds that and the output; then it hangs, as the child does. A clean
// child has nothing of its environment but what lets it hang.
func detach(clean bool) {
	fifo, err := os.OpenFile(os.Args[1], os.O_WRONLY, 0)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "NOTIFY_TEST=hang")
	if clean {
		child.Env = []string{"NOTIFY_TEST=hang"}
	}
	child.Stdout, child.Stderr, child.ExtraFiles = os.Stdout, os.Stderr, []*os.File{fifo}
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := child.Start(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Fprintln(fifo, child.Process.Pid)
	select {}
}
