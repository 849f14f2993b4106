#include "runtime/cached_op/request/async_request.h"

#include <limits>
#include <new>
#include <utility>

#include "runtime/cached_op/no_memory.h"

namespace tenter {

AsyncRequest::AsyncRequest(const RequestHost& host, Callers* callers, uint64_t number,
                           std::shared_ptr<const Plan> plan, std::vector<Tensor> inputs,
                           const InvokeOptions& options, Answer answer)
    : Request(host, number, std::move(plan), inputs,
              options),  // a vector that moves keeps its place
      callers_(callers),
      owned_(std::move(inputs)),
      answer_(std::move(answer)) {
  caller_.request = number;
}

Status AsyncRequest::Start(std::unique_ptr<AsyncRequest> request) noexcept {
  Callers* const callers = request->callers_;
  if (callers->Enter(&request->caller_, /*alone=*/false) != Callers::Answer::kEntered)
    return MadeStatus(StatusCode::kClosed, "the cached op was freed");
  // It is nobody's, and may be gone, unless it was refused.
  AsyncRequest* const started = request.release();
  const Result<bool> placed = started->Request::Start();
  if (placed.ok()) return {};
  callers->Leave(&started->caller_);
  delete started;
  return CopyOf(placed.status());
}

bool AsyncRequest::SetScope(FailureScope* scope) noexcept {
  callers_->SetScope(&caller_, scope);
  return true;
}

// The op gives the answer when it runs, or when it goes without having run: it was refused, or
// cancelled by a stop.
void AsyncRequest::Ended(bool on_worker) noexcept {
  if (!on_worker) return Give(std::unique_ptr<AsyncRequest>(this));
  struct Body {
    std::unique_ptr<AsyncRequest> request;

    explicit Body(AsyncRequest* ended) : request(ended) {}
    Body(Body&&) noexcept = default;
    ~Body() {
      if (request != nullptr) Give(std::move(request));
    }
    void operator()(const OpContext&) { Give(std::move(request)); }
  };
  // Before all requests that wait for a worker.
  constexpr int kSoonest = std::numeric_limits<int>::max();
  try {
    static_cast<void>(
        host_.engine->Push({.name = "answer", .priority = kSoonest, .body = Body(this)}));
  } catch (const std::bad_alloc&) {  // the body has given the answer
  }
}

// The request leaves when its answer was given, so that its op is not destroyed before, unless by
// the answer itself; and what the answer has captured goes last, since it may be that which keeps
// the op. In the child of a fork nobody is answered.
void AsyncRequest::Give(std::unique_ptr<AsyncRequest> request) noexcept {
  const Answer answer = std::move(request->answer_);
  if (request->caller_.forgotten) return;
  request->callers_->Answers(&request->caller_);
  if (request->status_.ok())
    answer(std::move(request->outputs_));
  else
    answer(std::move(request->status_));
  if (!request->caller_.forgotten) request->callers_->Leave(&request->caller_);
  request.reset();
}

}  // namespace tenter
