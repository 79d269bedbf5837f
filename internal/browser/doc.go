// Package browser has a page looked at in headless Chromium, for tests: it runs the
// page's scripts, sets width and colour scheme, presses keys, takes pictures, and tells
// what came on the console and what was requested.
package browser
