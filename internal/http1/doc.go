// Package http1 is an HTTP/1.1 client for small requests to one server, many at a
// time. It does what net/http does for them in half of the CPU time
// (docs/decisions/037): the goroutine that has a request writes it and reads the answer
// itself, where net/http hands both to two other goroutines, and an answer's head
// is one string, not a map.
//
// # What it does
//
// A [Request] is written into a buffer of its own, a [Client] sends it over a
// connection of its pool, with TLS or without, and the whole answer is read into
// an [Answer]. Requests and answers can be used again, and then allocate nothing
// but the text of the answer.
//
// A connection carries one request at a time. It is used again only after an
// answer that was read to its end, said so itself, and left nothing behind. So
// nobody's answer is somebody else's, and there are never more connections than
// requests in flight. A connection that lay idle is looked at before it is used: one that the
// server has closed, or sent something on that nobody asked for, is dropped.
//
// # What it refuses
//
// A request whose target, host, or header could end its line and begin another
// is not sent: [Request.Finish] says so. A server whose certificate does not
// verify gets no request. There are no proxies, no redirects, no cookies, no
// compression, no HTTP/2, and no bodies as streams. [New] returns nil where the
// caller's transport needs one of these to connect, or where the platform cannot look
// at an idle socket; net/http is to send the requests then.
//
// Its own reader takes only what it is sure of (HTTP/1.1, lines that end in CRLF, no name
// twice, one Content-Length). Every other answer is read by net/http's reader,
// so both read all answers alike. A fuzz target compares them.
//
// # Limits
//
// The head of an answer has 256 KiB at most, its body [MaxBody], and five
// informational answers may precede it. Looking up, dialling and the handshake
// have the time limits of the transport that New is given, and so has the head
// of an answer (ResponseHeaderTimeout, 0 for none). The whole exchange has the
// deadline that [Client.Do] is given. A time limit may be exceeded by a
// sixteenth, as deadlines of connections are not set for each request.
//
// # Sending again
//
// A request is sent a second time in two cases, both on a connection that was
// idle before: not a byte of it left this machine, or it is a HEAD and not a byte of an answer came.
// A PUT that may have been sent is never sent again.
//
// # Concurrency
//
// A Client may be used by any number of goroutines. A Request and an Answer
// belong to one goroutine at a time, and to Do until it returns. The end of Do's
// context ends reading and writing at once. No goroutine outlives Do.
//
// An idle connection stays bound to the context of its last request, and is lost when that
// ends. That spares a registration for each request where many have one context.
// So a limit of one request is given as Do's time, not as a context of its own.
package http1
