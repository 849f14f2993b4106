#include "harness/workloads/inference/inference_errors.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <string_view>

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

// Whether an error has a code of a fault that has no message. Of a lack of memory a target may say
// that something inside failed.
bool HasCodeOf(uint32_t action, tgt_code code) {
  const tgt_code own = FaultActionOf(action).code;
  return code == own || (own == TGT_RESOURCE_EXHAUSTED && code == TGT_INTERNAL);
}

// An engine does not know of requests: where a fault strikes its op or a push, it may be in one
// that another fault has made fail.
bool StrikesSomeRequest(const FiredFault& fault) {
  return fault.site.starts_with("engine.op.") || fault.site == "engine.push.allocate";
}

// Whether a fault can be the cause. One without a message is known by its request, or when no
// error was its own yet; an error that has a message of some fault is never its own.
bool Explains(const FiredFault& fault, const tgt_error& error, int64_t request, bool answered) {
  if (!fault.fails()) return false;
  if (!fault.message.empty()) return Contains(error.message, fault.tag());
  if (!HasCodeOf(fault.action, error.code) || Contains(error.message, FiredFault::kTag))
    return false;
  return fault.request >= 0 ? fault.request == request : !answered;
}

// Whether the character at `at` makes a name beside it a part of a longer one; dots and colons do
// where a name goes on beyond them, at `beyond`.
bool GoesOn(std::string_view text, size_t at, size_t beyond) {
  const auto is_part = [&](size_t i) {
    return i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) != 0 ||
                               std::string_view("_@/-").find(text[i]) != text.npos);
  };
  const bool joins = at < text.size() && (text[at] == '.' || text[at] == ':');
  return is_part(at) || (joins && is_part(beyond));
}

// Of so long a name a target may give the beginning alone to its hits.
constexpr size_t kMayBeCut = 127;

// As a whole: the name of one node may be a part of another's.
bool NamesNodeOf(const FiredFault& fault, const tgt_error& error) {
  const std::string_view text = error.message, name = fault.op;
  if (name.empty()) return false;
  const bool may_be_cut = name.size() >= kMayBeCut;
  for (size_t at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
    const size_t end = at + name.size();
    if (!GoesOn(text, at - 1, at - 2) && (may_be_cut || !GoesOn(text, end, end + 1))) return true;
  }
  return false;
}

// How well a fault fits an error that it explains: several ops have requests with one number.
int FitOf(const FiredFault& fault, const tgt_error& error, bool answered) {
  return (answered ? 0 : 2) + (NamesNodeOf(fault, error) ? 1 : 0);
}

// The first of the faults that can be the cause and fit best, or the number of all of them when
// none can. A compilation that failed is told to all who waited for its plan, so it is the cause
// where there is no other.
size_t CauseOf(const tgt_error& error, int64_t request, const std::vector<FiredFault>& fired,
               const std::vector<bool>& answered) {
  size_t cause = fired.size(), shared = fired.size();
  int best = -1;
  for (size_t i = 0; i < fired.size(); ++i) {
    if (Explains(fired[i], error, request, answered[i])) {
      const int fit = FitOf(fired[i], error, answered[i]);
      if (fit > best) cause = i;
      best = std::max(best, fit);
    } else if (fired[i].site == "cached_op.plan.compile" &&
               Explains(fired[i], error, request, false)) {
      shared = i;
    }
  }
  return best < 0 ? shared : cause;
}

}  // namespace

void InferenceErrors::Add(const tgt_error& error) {
  UnseenLock lock(mutex_);
  errors_.push_back(error);
}

void InferenceErrors::AddWithdrawn(const tgt_error& error) {
  const int64_t request = RequestOf(error.message);
  if (request < 0) return;  // then its faults have no number either
  UnseenLock lock(mutex_);
  withdrawn_.insert(request);
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
  std::multiset<int64_t> failed_requests;  // for a cause
  {
    UnseenLock lock(mutex_);
    errors = errors_;
    failed_requests = withdrawn_;
  }
  std::vector<bool> answered(fired.size(), false);
  for (const tgt_error& error : errors)
    if (MatchError(error, fired, &answered)) failed_requests.insert(RequestOf(error.message));

  // Of several faults in one request only one can be told; of faults outside a request (an
  // arena), each.
  const bool some_answered = std::find(answered.begin(), answered.end(), true) != answered.end();
  const auto may_share = [&](const FiredFault& fault) {
    if (fault.request >= 0) return WasOfAFailure(fault, &failed_requests);
    return some_answered && StrikesSomeRequest(fault);
  };
  bool any = false;
  for (size_t i = 0; i < fired.size(); ++i) {
    if (!fired[i].fails()) continue;
    any = true;
    if (fired[i].site == "engine.var.deleter") continue;  // of no request: WaitForAll tells it
    board_->Examine(kErrorExactness);
    if (answered[i] || may_share(fired[i])) continue;
    board_->Report({.check = &kErrorExactness,
                    .contract = "COP-5",
                    .what = "lost error at " + fired[i].site,
                    .title = "a fault fired at " + fired[i].site + " and no request failed",
                    .evidence = {{"fault", fired[i].item}}});
  }
  if (expects_faults_ && !any) board_->NoPower(kErrorExactness, "no fault fired");
  if (!expects_faults_ && errors.empty()) board_->Examine(kErrorExactness);
}

bool InferenceErrors::WasOfAFailure(const FiredFault& fault,
                                    std::multiset<int64_t>* failed_requests) const {
  const auto failed = failed_requests->find(fault.request);
  if (failed == failed_requests->end()) return false;
  if (ops_ == Ops::kSeveral) failed_requests->erase(failed);
  return true;
}

bool InferenceErrors::MatchError(const tgt_error& error, const std::vector<FiredFault>& fired,
                                 std::vector<bool>* answered) {
  const int64_t request = RequestOf(error.message);
  const size_t cause = CauseOf(error, request, fired, *answered);
  if (cause == fired.size()) {
    board_->Report({.check = &kErrorExactness,
                    .contract = "COP-5",
                    .what = "error without a cause",
                    .title = "a request failed although nothing was wrong with it",
                    .detail = ErrorText(error)});
    return false;
  }
  (*answered)[cause] = true;
  const FiredFault& fault = fired[cause];
  CheckNode(error, fault);
  if (fault.request < 0 || fault.request == request) return true;
  board_->Report({.check = &kErrorExactness,
                  .contract = "COP-5",
                  .what = "error at the wrong request",
                  .title = "request " + std::to_string(request) + " got the error of request " +
                           std::to_string(fault.request),
                  .detail = ErrorText(error)});
  return true;
}

// COP-5. The message has room for a name, and may have none for a long one.
void InferenceErrors::CheckNode(const tgt_error& error, const FiredFault& fault) {
  if (fault.site != "cached_op.node.run" || fault.op.empty()) return;
  board_->Examine(kErrorExactness);
  if (NamesNodeOf(fault, error) || std::strlen(error.message) + 1 == sizeof(error.message)) return;
  board_->Report({.check = &kErrorExactness,
                  .contract = "COP-5",
                  .what = "an error does not name its node",
                  .title = "a node failed, and the error of its request does not name it",
                  .detail = ErrorText(error),
                  .evidence = {{"node", fault.op}}});
}

int64_t InferenceErrors::count() const {
  UnseenLock lock(mutex_);
  return static_cast<int64_t>(errors_.size());
}

}  // namespace tenter
