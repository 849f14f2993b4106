#include "bench/model/openvino_profile.h"

#include <algorithm>

namespace tenter::bench {
namespace {

constexpr int kExecuted = 2;  // the last status
constexpr double kNsPerUs = 1000;

bool DoesNothing(const std::string& type) {
  return type == "Parameter" || type == "Constant" || type == "Result";
}

bool IsPartOfAnother(const Reading::Node& node) { return node.kernel == "undef"; }

double SumNs(const Reading& reading, size_t node) {
  return static_cast<double>(reading.answers) * static_cast<double>(reading.nodes[node].mean_us) *
         kNsPerUs;
}

}  // namespace

Reading ReadingOf(const OpenvinoLibrary::Counters& counters, uint64_t answers) {
  Reading reading{.answers = answers};
  for (size_t i = 0; i < counters.size; ++i) {
    const OpenvinoLibrary::Counter& of = counters.data[i];
    if (of.status < 0 || of.status > kExecuted || of.real_us < 0 || of.name == nullptr ||
        of.kernel == nullptr || of.type == nullptr)
      throw StatusError({StatusCode::kUnsupported, "OpenVINO: its counters have another form"});
    reading.nodes.push_back({of.name, of.type, of.kernel, of.real_us});
  }
  return reading;
}

Result<std::vector<NodeTime>> NodesBetween(const Reading& before, const Reading& after) {
  const bool same =
      std::equal(before.nodes.begin(), before.nodes.end(), after.nodes.begin(), after.nodes.end(),
                 [](const Reading::Node& a, const Reading::Node& b) { return a.name == b.name; });
  if (!same) return Status(StatusCode::kDataLoss, "the nodes of OpenVINO changed between answers");
  const auto answers = static_cast<double>(after.answers - before.answers);
  std::vector<NodeTime> told;
  for (size_t i = 0; i < after.nodes.size(); ++i) {
    const Reading::Node& node = after.nodes[i];
    if (IsPartOfAnother(node) && !told.empty()) {
      told.back().node.does.push_back(node.name);
    } else if (!DoesNothing(node.type)) {
      // Both means are rounded down: that of a node that takes nothing may seem to shrink.
      const double ns = std::max(0.0, SumNs(after, i) - SumNs(before, i)) / answers;
      told.push_back({{.name = node.name, .op = node.type, .kernel = node.kernel}, ns});
    }
  }
  if (told.empty()) return Status(StatusCode::kDataLoss, "OpenVINO told of no node");
  return told;
}

}  // namespace tenter::bench
