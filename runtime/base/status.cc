#include "runtime/base/status.h"

#include <array>

namespace tenter {
namespace {

constexpr std::array<std::string_view, 16> kNames = {"ok",
                                                     "invalid_argument",
                                                     "not_found",
                                                     "unsupported",
                                                     "out_of_range",
                                                     "data_loss",
                                                     "resource_exhausted",
                                                     "stopped",
                                                     "stale_handle",
                                                     "wait_inside_op",
                                                     "concurrent_use",
                                                     "closed",
                                                     "completion_dropped",
                                                     "injected",
                                                     "internal",
                                                     "deadline_exceeded"};

static_assert(kNames.size() == static_cast<size_t>(StatusCode::kDeadlineExceeded) + 1,
              "every status code has a name");

}  // namespace

std::string_view StatusCodeName(StatusCode code) { return kNames.at(static_cast<size_t>(code)); }

std::optional<StatusCode> StatusCodeFromName(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<StatusCode>(i);
  return std::nullopt;
}

std::string Status::ToString() const {
  if (ok()) return "ok";
  return std::string(StatusCodeName(code_)) + ": " + message_;
}

}  // namespace tenter
