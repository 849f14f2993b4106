#include "bench/measure/results.h"

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

namespace tenter::bench {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;

json ToJson(const Description& description) {
  return {{"name", description.name}, {"title", description.title}, {"absent", description.absent}};
}

json ToJson(const Row& row) {
  return {{"workload", row.workload}, {"parameters", row.parameters}, {"contender", row.contender},
          {"ops", row.ops},           {"executed", row.executed},     {"series", row.series}};
}

json ToJson(const Profile& profile) {
  json nodes = json::array();
  for (size_t i = 0; i < profile.nodes.size(); ++i) {
    const ProfiledNode& node = profile.nodes[i];
    nodes.push_back({{"name", node.name},
                     {"op", node.op},
                     {"kernel", node.kernel},
                     {"does", node.does},
                     {"makes", node.makes},
                     {"ns", profile.ns[i]}});
  }
  return {{"contender", profile.contender},
          {"absent", profile.absent},
          {"answer_ns", profile.answer_ns},
          {"nodes", nodes}};
}

template <typename T>
json ListOf(const std::vector<T>& values) {
  json list = json::array();
  for (const T& value : values) list.push_back(ToJson(value));
  return list;
}

}  // namespace

Status Results::WriteJson(const std::string& path) const {
  json document = {{"version", kVersion},
                   {"part", part},
                   {"facts", facts},
                   {"contenders", ListOf(contenders)},
                   {"rows", ListOf(rows)}};
  if (!profiles.empty()) document["profiles"] = ListOf(profiles);
  // Names of nodes are whatever a file has.
  const std::string text = document.dump(-1, ' ', false, json::error_handler_t::replace);
  if (path == "-") {
    std::cout << text << std::endl;
    return {};
  }
  std::ofstream file(path);
  file << text << '\n';
  file.close();
  if (!file) return {StatusCode::kNotFound, "cannot write " + path};
  return {};
}

}  // namespace tenter::bench
