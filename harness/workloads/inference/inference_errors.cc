#include "harness/workloads/inference/inference_errors.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "harness/target/target_library.h"

namespace tenter {
namespace {

// The number in "request 17: ...", or -1.
int64_t RequestOf(const char* message) {
  constexpr const char* kPrefix = "request ";
  if (std::strncmp(message, kPrefix, std::strlen(kPrefix)) != 0) return -1;
  return std::strtoll(message + std::strlen(kPrefix), nullptr, 10);
}

bool Contains(const char* text, const std::string& part) {
  return std::strstr(text, part.c_str()) != nullptr;
}

// Of a fault that has no message: bad_alloc, an int, a completion that was dropped.
tgt_code CodeOf(uint32_t action) {
  if (action == kActionBadAlloc) return TGT_RESOURCE_EXHAUSTED;
  return action == kActionDropCompletion ? TGT_COMPLETION_DROPPED : TGT_INTERNAL;
}

}  // namespace

void InferenceErrors::Add(const tgt_error& error) {
  UnseenLock lock(mutex_);
  errors_.push_back(error);
}

void InferenceErrors::CheckRefusal(const tgt_error& error) {
  board_->Examine(kErrorExactness);
  const bool names = Contains(error.message, "expected") && Contains(error.message, "found") &&
                     Contains(error.message, "[");
  if (error.code == TGT_INVALID_ARGUMENT && names) return;
  board_->Report(
      {.check = &kErrorExactness,
       .contract = "COP-5",
       .what = "refusal of a wrong shape is not exact",
       .title = "a request with a wrong shape got an error that does not name both shapes",
       .detail = ErrorText(error)});
}

void InferenceErrors::MissingRefusal(int rank) {
  board_->Report({.check = &kErrorExactness,
                  .contract = "COP-5",
                  .what = "wrong shape accepted",
                  .title = "a request of rank " + std::to_string(rank) +
                           " was answered although no input of the model has that rank"});
}

void InferenceErrors::Match(const std::vector<FiredFault>& fired) {
  std::vector<tgt_error> errors;
  {
    UnseenLock lock(mutex_);
    errors = errors_;
  }
  std::vector<bool> answered(fired.size(), false);
  for (const tgt_error& error : errors) MatchError(error, fired, &answered);

  // Of several faults in one request only one can be told; of faults outside a request (an
  // arena), each.
  std::set<int64_t> answered_requests;
  for (size_t i = 0; i < fired.size(); ++i)
    if (answered[i]) answered_requests.insert(fired[i].request);
  bool any = false;
  for (size_t i = 0; i < fired.size(); ++i) {
    if (!fired[i].fails()) continue;
    any = true;
    if (fired[i].site == "engine.var.deleter") continue;  // of no request: WaitForAll tells it
    board_->Examine(kErrorExactness);
    if (answered[i] || (fired[i].request >= 0 && answered_requests.contains(fired[i].request)))
      continue;
    board_->Report({.check = &kErrorExactness,
                    .contract = "COP-5",
                    .what = "lost error at " + fired[i].site,
                    .title = "a fault fired at " + fired[i].site + " and no request failed",
                    .evidence = {{"fault", fired[i].item}}});
  }
  if (expects_faults_ && !any) board_->NoPower(kErrorExactness, "no fault fired");
  if (!expects_faults_ && errors.empty()) board_->Examine(kErrorExactness);
}

void InferenceErrors::MatchError(const tgt_error& error, const std::vector<FiredFault>& fired,
                                 std::vector<bool>* answered) {
  const int64_t request = RequestOf(error.message);
  for (size_t i = 0; i < fired.size(); ++i) {
    const FiredFault& fault = fired[i];
    if (!fault.fails()) continue;
    bool explains = false;
    if (!fault.message.empty()) {
      explains = Contains(error.message, fault.tag());
    } else {  // no message to tell it by: its request, or one that is not answered yet
      const tgt_code code = CodeOf(fault.action);
      explains =
          error.code == code && (fault.request >= 0 ? fault.request == request : !(*answered)[i]);
    }
    if (!explains) continue;
    (*answered)[i] = true;
    if (fault.request < 0 || fault.request == request) return;
    return board_->Report({.check = &kErrorExactness,
                           .contract = "COP-5",
                           .what = "error at the wrong request",
                           .title = "request " + std::to_string(request) +
                                    " got the error of request " + std::to_string(fault.request),
                           .detail = ErrorText(error)});
  }
  board_->Report({.check = &kErrorExactness,
                  .contract = "COP-5",
                  .what = "error without a cause",
                  .title = "a request failed although nothing was wrong with it",
                  .detail = ErrorText(error)});
}

int64_t InferenceErrors::count() const {
  UnseenLock lock(mutex_);
  return static_cast<int64_t>(errors_.size());
}

}  // namespace tenter
