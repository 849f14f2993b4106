#include "runtime/cached_op/request/batch.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "runtime/cached_op/no_memory.h"

namespace tenter {
namespace {

// The largest size for which a plan is ready; 1 when none is.
size_t SizeFor(const Plan& plan, size_t requests) {
  const uint64_t below = (std::bit_floor(uint64_t{requests}) << 1) - 1;
  return std::bit_floor(plan.batches().sizes() & below);
}

std::byte* RowsOf(Tensor& many, size_t at, size_t bytes) {
  return static_cast<std::byte*>(many.mutable_raw()) + at * bytes;
}

}  // namespace

Request* RequestBatch::Gather(Request& first) noexcept {
  ArenaPool& pool = *first.host().pool;
  try {
    const size_t size = SizeFor(first.plan(), pool.CountAlong(first));
    if (size < 2) return nullptr;
    const std::shared_ptr<const Plan>& plan = first.plan().batches().PlanFor(size);
    Result<std::vector<Tensor>> inputs = Tensor::AllocateAll(plan->signature());
    if (!inputs.ok()) return nullptr;
    std::unique_ptr<RequestBatch> batch(
        new RequestBatch(first.host(), first, plan, std::move(*inputs)));
    if (!batch->MakeScope().ok() || !pool.TakeAlong(first, *batch, size)) return nullptr;
    batch->Hold(&first);
    return batch.release();
  } catch (...) {
    return nullptr;
  }
}

RequestBatch::RequestBatch(const RequestHost& host, const Request& first,
                           const std::shared_ptr<const Plan>& plan, std::vector<Tensor> inputs)
    : Request(host, first.number(), plan, inputs, {.priority = first.priority}),
      gathered_(std::move(inputs)) {  // a vector that moves keeps its place
  requests_.reserve(plan->requests());
}

void RequestBatch::Hold(Request* first) noexcept {
  for (Entrant* next = first; next != nullptr; next = next->after) {
    auto* const request = static_cast<Request*>(next);
    for (size_t i = 0; i < gathered_.size(); ++i) {
      const Tensor& input = request->inputs()[i];
      std::memcpy(RowsOf(gathered_[i], requests_.size(), input.size_bytes()), input.raw(),
                  input.size_bytes());
    }
    requests_.push_back(request);
  }
  running_ = requests_.size();
}

void RequestBatch::BeforeStep(const CancelToken& cancel) {
  Request::BeforeStep(cancel);
  for (size_t i = 0; i < requests_.size(); ++i)
    if (requests_[i] != nullptr && requests_[i]->cancelled())
      EndEarly(i, requests_[i]->StatusOfCancel());
}

void RequestBatch::BeforeNode(const ModelNode& node) {
  for (size_t i = 0; i < requests_.size(); ++i) {
    if (requests_[i] == nullptr) continue;
    if (arena().abandoned()) return;  // in the child of a fork, where the others are gone
    Status status;
    try {
      requests_[i]->BeforeNode(node);
      continue;
    } catch (...) {
      status = requests_[i]->StatusOfNode(node, Thrown::Current());
    }
    EndEarly(i, std::move(status));
  }
}

void RequestBatch::AfterSteps() {
  for (Request* const request : requests_)
    if (request != nullptr) request->AfterSteps();
}

// With the last one the batch ends, too: nothing is left to compute.
void RequestBatch::EndEarly(size_t at, Status status) {
  if (running_ == 1) {
    is_over_ = true;
    last_ = std::move(status);
    throw StatusError({StatusCode::kStopped, "no request of the batch is left"});
  }
  Request* const request = std::exchange(requests_[at], nullptr);
  --running_;
  host_.pool->LeaveBatch(*this);
  request->EndAlong(std::move(status), {});
}

// What has failed is not known to be the fault of one of them. Whoever is put back may let the
// cached op and its engine go, so nothing here needs them any more then.
void RequestBatch::BeforeReturn() noexcept {
  if (status_.ok() || is_over_) return;
  Request* ran = nullptr;
  for (size_t i = requests_.size(); i > 0; --i)
    if (Request* const request = std::exchange(requests_[i - 1], nullptr); request != nullptr) {
      request->after = ran;
      ran = request;
    }
  ArenaPool& pool = *host_.pool;
  DropScope();
  GoOn(pool.ReturnAndPutBack(ran, *this));
}

Result<std::vector<Tensor>> RequestBatch::ResultsOf(size_t at) const noexcept {
  try {
    TENTER_ASSIGN_OR_RETURN(std::vector<Tensor> results,
                            Tensor::AllocateAll(requests_[at]->plan().output_specs()));
    for (size_t i = 0; i < results.size(); ++i) {
      // A result that is a constant has no rows: it is the same for all.
      Tensor many = outputs_[i];
      const size_t bytes = results[i].size_bytes();
      std::memcpy(results[i].mutable_raw(),
                  RowsOf(many, many.size_bytes() == bytes ? 0 : at, bytes), bytes);
    }
    return results;
  } catch (...) {
    return StatusOfCurrent();
  }
}

Result<std::vector<Tensor>> RequestBatch::AnswerOf(size_t at) const noexcept {
  if (is_over_) return CopyOf(last_);
  return ResultsOf(at);
}

// Whoever is told last may let the cached op go, and its engine: so the batch goes before that.
void RequestBatch::Ended(bool) noexcept {
  std::unique_ptr<RequestBatch> batch(this);
  DropScope();
  size_t left = std::count_if(requests_.begin(), requests_.end(),
                              [](const Request* request) { return request != nullptr; });
  for (size_t i = 0; left > 0; ++i) {
    Request* const request = requests_[i];
    if (request == nullptr) continue;
    Result<std::vector<Tensor>> answer = AnswerOf(i);
    if (--left == 0) batch.reset();
    if (answer.ok())
      request->EndAlong({}, std::move(*answer));
    else
      request->EndAlong(std::move(answer.status()), {});
  }
}

}  // namespace tenter
