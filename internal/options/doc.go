// Package options are the options that several commands take: each binds itself to flags,
// and turns what was given into what a plan, a run or an estimate goes by, or into what is
// wrong with it. It knows no command, and sends nothing.
package options
