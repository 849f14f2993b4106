#include "bench/model/ort_profile.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace tenter::bench {
namespace {

using nlohmann::json;

constexpr std::string_view kKernel = "_kernel_time";  // behind the name of the node
constexpr double kNsPerUs = 1000;

struct Event {
  std::string key;  // unlike the name, it is of one node
  ProfiledNode node;
  int64_t start_us, took_us;
};

bool RunsOthers(const std::string& op) { return op == "If" || op == "Loop" || op == "Scan"; }

// The nodes of one answer after the other.
class Answers {
 public:
  explicit Answers(uint64_t uncounted) : uncounted_(uncounted) {}

  void Add(Event event) {
    if (RunsOthers(event.node.op))
      std::erase_if(current_, [&](const Event& of) { return of.start_us >= event.start_us; });
    current_.push_back(std::move(event));
  }

  void End() {
    if (++ended_ > uncounted_)
      for (Event& event : current_) Sum(std::move(event));
    current_.clear();
  }

  uint64_t ended() const { return ended_; }

  std::vector<NodeTime> Means() && {
    for (NodeTime& node : sums_) node.ns /= static_cast<double>(ended_ - uncounted_);
    return std::move(sums_);
  }

 private:
  void Sum(Event event) {
    const auto [place, added] = place_of_.emplace(std::move(event.key), sums_.size());
    if (added) sums_.push_back({std::move(event.node), 0});
    sums_[place->second].ns += static_cast<double>(event.took_us) * kNsPerUs;
  }

  const uint64_t uncounted_;
  uint64_t ended_ = 0;
  std::vector<Event> current_;
  std::map<std::string, size_t> place_of_;
  std::vector<NodeTime> sums_;
};

void Take(const json& event, Answers& answers) {
  const std::string kind = event.value("cat", ""), name = event.value("name", "");
  if (kind == "Session" && name == "model_run") return answers.End();
  if (kind != "Node" || !name.ends_with(kKernel)) return;
  const json& facts = event.at("args");
  const std::string node = name.substr(0, name.size() - kKernel.size());
  answers.Add({.key = facts.value("node_index", "") + " " + node,
               .node = {.name = node, .op = facts.value("op_name", "")},
               .start_us = event.at("ts").get<int64_t>(),
               .took_us = event.at("dur").get<int64_t>()});
}

Status Unreadable(const std::string& why) {
  return {StatusCode::kDataLoss, "the profile of ONNX Runtime " + why};
}

}  // namespace

Result<std::vector<NodeTime>> ReadOrtProfile(std::string_view text, uint64_t answers,
                                             uint64_t uncounted) {
  Answers read(uncounted);
  try {
    const json events = json::parse(text);
    if (!events.is_array()) return Unreadable("is no list of events");
    for (const json& event : events) Take(event, read);
  } catch (const json::exception& error) {
    return Unreadable(std::string("cannot be read: ") + error.what());
  }
  if (read.ended() != answers) {
    return Unreadable("has " + std::to_string(read.ended()) + " answers, and not " +
                      std::to_string(answers));
  }
  std::vector<NodeTime> nodes = std::move(read).Means();
  if (nodes.empty()) return Unreadable("has no node");
  return nodes;
}

}  // namespace tenter::bench
