// The callers of one block, who keep their requests in flight until the log has ended: threads that
// wait for each answer, or a few that ask ahead.
//
// Thread safety: one thread; callers are threads that end before it returns.
// Ownership and lifetime: borrow clients, first answers and log.
// Invariants: one request follows the other with another set of inputs, and two that are in flight
//   at the same time most often have different ones. Who asks ahead never has more in flight than
//   its share, and in the end awaits every answer.
// Errors: a failure goes to the log.
#pragma once

#include <memory>
#include <vector>

#include "bench/sharing/answer_log.h"

namespace tenter::bench {

// One thread for each client, with one request in flight.
void AskAndWait(const std::vector<std::unique_ptr<ModelClient>>& clients, size_t sets,
                const FirstAnswers& first, AnswerLog& log);

// One thread for each client, which together keep `in_flight` requests in flight.
void AskAhead(const std::vector<std::unique_ptr<AskingClient>>& clients, size_t in_flight,
              size_t sets, const FirstAnswers& first, AnswerLog& log);

}  // namespace tenter::bench
