// RequestBatch: requests of one plan that run as one, by a plan for so many (batch_plans.h): their
// inputs lie behind one another, and so do their results.
//
//   a request gets its place --Gather: those that wait behind it--> one op --> each gets its rows
//   one of them is cancelled, or fails at a node --> it is answered, and the others go on
//   the batch fails as a whole --> each runs again, alone
//
// It waits for nobody: it takes those who wait already, so a request that finds a place free runs
// alone, at once.
//
// Path: Request::Begin -> Gather -> Request::BeginOps -> RunOp -> BeforeNode for each request.
//
// Thread safety: as Request. While its op runs the requests that it holds are changed by that op
//   alone, since a batch has one.
// Ownership and lifetime: owns itself from Gather on, and copies of the inputs. Holds each of its
//   requests until that is answered; the last one is answered when the batch has given its place
//   back, since the cached op may go then.
// Invariants: (1) whatever happens to one of its requests is told to that one alone (COP-5). (2)
//   they are in the order in which they waited.
// Errors: none are told of the batch itself: when it lacks memory, or a kernel fails, its requests
//   run alone.
#pragma once

#include <memory>
#include <vector>

#include "runtime/cached_op/request/request.h"

namespace tenter {

class RequestBatch final : public Request {
 public:
  // `first` has its place. Null when it runs alone: nobody waits who may run with it, no plan is
  // ready for so many, or memory is short. Else it has to be begun in the place of `first`.
  static Request* Gather(Request& first) noexcept;

  void BeforeStep(const CancelToken& cancel) override;
  void BeforeNode(const ModelNode& node) override;
  void AfterSteps() override;

 private:
  RequestBatch(const RequestHost& host, const Request& first,
               const std::shared_ptr<const Plan>& plan, std::vector<Tensor> inputs);

  void Hold(Request* first) noexcept;
  void BeforeReturn() noexcept override;
  void Ended(bool on_worker) noexcept override;

  void EndEarly(size_t at, Status status);
  Result<std::vector<Tensor>> ResultsOf(size_t at) const noexcept;
  Result<std::vector<Tensor>> AnswerOf(size_t at) const noexcept;

  std::vector<Tensor> gathered_;
  std::vector<Request*> requests_;  // null for those that are answered
  size_t running_ = 0;              // of them, not null
  // Of the last one that runs, once it has been cancelled or failed.
  bool is_over_ = false;
  Status last_;
};

}  // namespace tenter
