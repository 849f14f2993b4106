// AsyncRequest: a request that nobody waits for: its answer is handed to a function.
//
//   CachedOp::InvokeAsync -> Start -> ... -> Ended -> an engine op, the answer -> Answer -> gone
//                                     cancelled or turned away while it waited -> Answer -> gone
//
// Path: CachedOp::InvokeAsync -> AsyncRequest -> Request.
//
// Thread safety: as Request.
// Ownership and lifetime: owns its inputs, and itself from Start on.
// Invariants: the answer is given exactly once, also when the engine was stopped, but not in the
//   child of a fork. A worker gives it
//   inside an op, so that what would wait there is refused (ENG-7), unless the engine takes no more
//   ops. Of a request that ends while it waits it is given by who ends it, as soon as that.
// Errors: the answer must not throw.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "runtime/cached_op/request/callers.h"
#include "runtime/cached_op/request/request.h"

namespace tenter {

// The results of a request, one tensor per graph output, or why there are none.
using Answer = std::function<void(Result<std::vector<Tensor>> results)>;

class AsyncRequest final : public Request {
 public:
  // `callers` knows it by its number until the answer was given.
  AsyncRequest(const RequestHost& host, Callers* callers, uint64_t number,
               std::shared_ptr<const Plan> plan, std::vector<Tensor> inputs,
               const InvokeOptions& options, Answer answer);

  // Starts `request`, which may be gone then. Why it was refused otherwise: then there is no
  // answer.
  static Status Start(std::unique_ptr<AsyncRequest> request) noexcept;

 private:
  bool SetScope(FailureScope* scope) noexcept override;
  void Ended(bool on_worker) noexcept override;
  static void Give(std::unique_ptr<AsyncRequest> request) noexcept;

  Callers* const callers_;
  const std::vector<Tensor> owned_;
  Answer answer_;
  Caller caller_;
};

}  // namespace tenter
