// Command kubelet is a kubelet for tests. It takes the pods that no node has, starts
// the one container of each as a process of this machine, and reports how it ended.
//
//	go run ./kubelet -kubeconfig FILE -program PATH -folder FOLDER
//
// It honours what a Job depends on: arguments and environment with the fields of the
// downward API, emptyDir at /tmp, deletion with its grace period, evictions, exit codes.
// It refuses a pod that needs anything else of a node to do its work: init containers,
// secrets, other volumes, probes of the health. It does not isolate: images, users, limits
// and the security context are ignored. It starts nothing again, so that the pod's restart policy
// must be Never.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "kubelet:", err)
		os.Exit(1)
	}
}

// run serves one node until ctx ends. Then it kills what it has started, and waits for it.
func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("kubelet", flag.ContinueOnError)
	kubeconfig := flags.String("kubeconfig", "", "`file` that says how to reach the API server")
	node := flags.String("node", "local", "name of the node")
	program := flags.String("program", "", "absolute path of the program that every image is taken to have for its entry point")
	folder := flags.String("folder", "", "absolute path of the folder for the pods: NAME/log has what a pod printed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *kubeconfig == "" || *program == "" || *folder == "" || flags.NArg() > 0 {
		return errors.New("give -kubeconfig, -program and -folder, and nothing else")
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	k := &kubelet{client: client, node: *node, program: *program, folder: *folder, log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	return k.serve(ctx)
}
