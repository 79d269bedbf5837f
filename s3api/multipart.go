package s3api

import (
	"context"
	"errors"

	"reseal/engine"
	"reseal/plan"
)

func (w *work) multipart(context.Context) (engine.Effect, error) {
	return engine.Effect{}, w.refuse(engine.Permanent, plan.TooLarge, errors.New("multipart copies are not built yet"))
}

func (w *work) update(context.Context) (engine.Effect, error) {
	return engine.Effect{}, w.refuse(engine.Permanent, plan.RequestError, errors.New("updates are not built yet"))
}
