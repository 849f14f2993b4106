// The loops in which a model is asked: one client after the other's answer (closed), several of
// them at once, and at a given rate whatever the answers take (open).
//
// Contenders take turns in blocks, in a new order each round, so that whatever disturbs the machine
// meets all. Each block starts with questions that are not counted, since the block before has left
// the caches to somebody else.
//
// Thread safety: one thread; clients are threads of their own that end before a block does.
// Ownership and lifetime: borrow the field.
// Invariants: every answer is compared with the first one, outside of its own latency.
// Errors: throw WrongAnswer, and what a contender throws.
#pragma once

#include <vector>

#include "bench/inference/field.h"
#include "bench/inference/model_options.h"
#include "bench/measure/results.h"

namespace tenter::bench {

// One value per question: latency_ns, and `round`, in which it was asked.
std::vector<Row> MeasureLatency(Field& field, const ModelOptions& options);

// One value per round: per_s, the answers of all clients over the time until the last one had its
// own. Clients start together, and ask nothing more when the block has lasted.
std::vector<Row> MeasureClients(Field& field, const ModelOptions& options);

// One value per question: latency_ns from the moment at which it was due, and not from that at
// which a client was free to ask it, so that one slow answer tells in all that had to wait; late_ns
// is the part of it before it was asked; and `round`.
std::vector<Row> MeasureOpenLoop(Field& field, const ModelOptions& options);

}  // namespace tenter::bench
