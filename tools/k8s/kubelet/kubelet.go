package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// kubelet serves one node. It is the scheduler, too: it binds every pod that has no node.
type kubelet struct {
	client  kubernetes.Interface
	node    string
	program string // entry point of every image
	folder  string // of the pods
	log     *slog.Logger

	pods    map[types.UID]*pod // of the node; only in the calls of see and forget, which do not overlap
	workers sync.WaitGroup     // one for each pod that has begun and not ended
}

// serve makes the node and runs its pods until ctx ends. Then it kills their processes.
func (k *kubelet) serve(ctx context.Context) error {
	if err := k.register(ctx); err != nil {
		return fmt.Errorf("make the node: %w", err)
	}
	k.pods = map[types.UID]*pod{}
	all := k.client.CoreV1().Pods(meta.NamespaceAll)
	informer := cache.NewSharedInformer(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options meta.ListOptions) (runtime.Object, error) {
			return all.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options meta.ListOptions) (watch.Interface, error) {
			return all.Watch(ctx, options)
		},
	}, &core.Pod{}, 0)
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { k.see(ctx, o.(*core.Pod)) },
		UpdateFunc: func(_, o any) { k.see(ctx, o.(*core.Pod)) },
		DeleteFunc: k.forget,
	})
	if err != nil {
		return err
	}
	informer.RunWithContext(ctx) // returns once no handler runs any more
	k.workers.Wait()
	return nil
}

// register makes the node. Without it, the pods would be taken for those of a lost one.
func (k *kubelet) register(ctx context.Context) error {
	node := &core.Node{ObjectMeta: meta.ObjectMeta{Name: k.node, Labels: map[string]string{core.LabelHostname: k.node}}}
	made, err := k.client.CoreV1().Nodes().Create(ctx, node, meta.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		made, err = k.client.CoreV1().Nodes().Get(ctx, k.node, meta.GetOptions{})
	}
	if err != nil {
		return err
	}
	made.Status.Conditions = []core.NodeCondition{{Type: core.NodeReady, Status: core.ConditionTrue, Reason: "KubeletReady", LastHeartbeatTime: meta.Now(), LastTransitionTime: meta.Now()}}
	_, err = k.client.CoreV1().Nodes().UpdateStatus(ctx, made, meta.UpdateOptions{})
	return err
}

// see is told of each pod that is there or has changed, one after the other.
func (k *kubelet) see(ctx context.Context, p *core.Pod) {
	known := k.pods[p.UID]
	switch {
	case ctx.Err() != nil:
	case p.Spec.NodeName == "" && p.DeletionTimestamp == nil:
		k.bind(ctx, p)
	case p.Spec.NodeName != k.node:
	case known != nil:
		if p.DeletionTimestamp != nil {
			known.end(grace(p))
		}
	case p.Status.Phase == core.PodPending || p.Status.Phase == "":
		known = newPod(k, p)
		k.pods[p.UID] = known
		if p.DeletionTimestamp != nil {
			known.end(grace(p))
		}
		k.workers.Go(func() { known.live(ctx) })
	}
}

// forget is told of each pod that is gone. One that is removed by force still has its process.
func (k *kubelet) forget(o any) {
	if gone, ok := o.(cache.DeletedFinalStateUnknown); ok {
		o = gone.Obj
	}
	p := o.(*core.Pod)
	if known := k.pods[p.UID]; known != nil {
		known.end(0)
		delete(k.pods, p.UID)
	}
}

// bind gives a pod to the node. One that cannot be bound is tried again when it changes.
func (k *kubelet) bind(ctx context.Context, p *core.Pod) {
	err := k.client.CoreV1().Pods(p.Namespace).Bind(ctx, &core.Binding{
		ObjectMeta: meta.ObjectMeta{Namespace: p.Namespace, Name: p.Name, UID: p.UID},
		Target:     core.ObjectReference{Kind: "Node", Name: k.node},
	}, meta.CreateOptions{})
	if err != nil && ctx.Err() == nil {
		k.log.Error("pod not bound", "pod", p.Name, "error", err)
	}
}

// grace is the time that a pod that is being deleted has to end.
func grace(p *core.Pod) time.Duration {
	if p.DeletionGracePeriodSeconds == nil {
		return 0
	}
	return time.Duration(*p.DeletionGracePeriodSeconds) * time.Second
}
