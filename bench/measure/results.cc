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

template <typename T>
json ListOf(const std::vector<T>& values) {
  json list = json::array();
  for (const T& value : values) list.push_back(ToJson(value));
  return list;
}

}  // namespace

Status Results::WriteJson(const std::string& path) const {
  const json document = {{"version", kVersion},
                         {"part", part},
                         {"facts", facts},
                         {"contenders", ListOf(contenders)},
                         {"rows", ListOf(rows)}};
  if (path == "-") {
    std::cout << document.dump() << std::endl;
    return {};
  }
  std::ofstream file(path);
  file << document.dump() << '\n';
  file.close();
  if (!file) return {StatusCode::kNotFound, "cannot write " + path};
  return {};
}

}  // namespace tenter::bench
