// Package demo turns the program's own commands into a demonstration on a simulated
// account: a plan, a run that is killed, its resume, a verification, and a check of
// what was promised against what the simulator counted.
package demo
