// RunTogether: several threads that start one body each at the same moment.
//
// Thread safety: called by one thread; the bodies run at the same time.
// Ownership and lifetime: the threads end before it returns.
// Errors: rethrows the first exception of a body; throws StatusError when a thread cannot be
//   started, after those that were have ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace tenter::bench {

// Calls `body(i)` for every i below `count`. Returns when the threads were let go, as NowNs tells
// it.
int64_t RunTogether(size_t count, const std::string& name, const std::function<void(size_t)>& body);

}  // namespace tenter::bench
