// Line: what the machine itself takes to hand a cache line from one thread to another.
//
// Engines hand over several lines per op, so this is the unit of their cost. It is measured beside
// each repetition, because it changes while one looks: two processors of a virtual machine are
// sometimes threads of one core and sometimes cores of two sockets.
//
// Thread safety: starts a thread and joins it.
// Errors: throws StatusError when there is no thread.
#pragma once

namespace tenter::bench {

// Nanoseconds for one way, the smallest of a few short measurements, to threads on the first two of
// the processors that the process may use: one of them is not the caller's.
double LineNs();

}  // namespace tenter::bench
