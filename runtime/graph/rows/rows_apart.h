// CheckRowsApart: may requests of one signature run as one, their inputs behind one another along
// the first axis?
//
// They may when each value of the graph is then, too, what the requests alone would have, behind
// one another. That is a matter of the ops: an image of a batch does not know the next one, but a
// mean over the first axis does. It is decided by a rule for each op, and an op without a rule is
// taken for one that mixes rows.
//
// Thread safety: a pure function.
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

// REQUIRES: `one` is the graph specialised for one request, and `many` the same one for so many
// requests. What holds of two need not hold of more: a constant that is computed from the number of
// rows may be the same one for two.
Status CheckRowsApart(const Graph& one, const Graph& many, size_t requests);

}  // namespace tenter
