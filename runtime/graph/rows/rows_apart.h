// CheckRowsApart: may requests of one signature run as one, their inputs behind one another along
// the first axis?
//
// They may when each value of the graph is then, too, what the requests alone would have, behind
// one another. That is a matter of the ops: an image of a batch does not know the next one, but a
// mean over the first axis does. It is decided by a rule for each op, and an op without a rule is
// taken for one that mixes rows.
//
// Thread safety: a pure function.
// Invariants: what holds of two requests holds of any number, since every size that a rule looks at
//   is a multiple of the number of requests, or does not depend on it.
// Errors: kUnsupported names the input, node or output that stands against it, and why.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/graph/graph.h"

namespace tenter {

// `signature` for so many requests at once. REQUIRES: requests > 0. Errors: kUnsupported when an
// input has no axis, or would be too large.
Result<std::vector<TensorSpec>> TimesRows(std::span<const TensorSpec> signature, size_t requests);

// REQUIRES: `one` is the graph specialised for one request, and `two` the same one for twice as
// many rows of every input.
Status CheckRowsApart(const Graph& one, const Graph& two);

}  // namespace tenter
