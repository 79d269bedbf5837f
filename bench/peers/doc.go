// Command peers lets reseal and its peers re-encrypt the same objects in place
// on the same simulated server, one after the other and round by round, and
// reports what each took and what each lost. See ../README.md.
package main
