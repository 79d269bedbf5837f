// Package terminal turns what a program says into what fits the terminal that it is read
// at: lines are broken at its width, signs written as its locale can show them, a passing
// line such as a bar is drawn below what stays, a question waits for an answer that was
// typed after it, and nothing in a text can steer it. Where there is no terminal, texts
// go as they are. It knows nothing of what is said.
package terminal
