#include "bench/program/program.h"

#include <algorithm>

namespace tenter::bench {
namespace {

constexpr uint32_t kNone = UINT32_MAX;

}  // namespace

void Program::Add(std::span<const uint32_t> reads, std::span<const uint32_t> writes) {
  accesses_.insert(accesses_.end(), reads.begin(), reads.end());
  const auto reads_end = static_cast<uint32_t>(accesses_.size());
  accesses_.insert(accesses_.end(), writes.begin(), writes.end());
  ends_.emplace_back(reads_end, static_cast<uint32_t>(accesses_.size()));
}

bool Program::HasDependencies() const {
  std::vector<bool> written(variables_), used(variables_);
  for (size_t op = 0; op < size(); ++op) {
    for (const uint32_t var : reads(op)) {
      if (written[var]) return true;
      used[var] = true;
    }
    for (const uint32_t var : writes(op)) {
      if (used[var]) return true;
      used[var] = written[var] = true;
    }
  }
  return false;
}

std::vector<std::pair<uint32_t, uint32_t>> Program::Edges() const {
  std::vector<uint32_t> writer(variables_, kNone);
  std::vector<std::vector<uint32_t>> readers(variables_);
  std::vector<std::pair<uint32_t, uint32_t>> edges;
  for (uint32_t op = 0; op < size(); ++op) {
    const size_t first = edges.size();
    for (const uint32_t var : reads(op)) {
      if (writer[var] != kNone) edges.emplace_back(writer[var], op);
    }
    for (const uint32_t var : writes(op)) {
      for (const uint32_t reader : readers[var]) edges.emplace_back(reader, op);
      if (readers[var].empty() && writer[var] != kNone) edges.emplace_back(writer[var], op);
    }
    std::sort(edges.begin() + static_cast<std::ptrdiff_t>(first), edges.end());
    edges.erase(std::unique(edges.begin() + static_cast<std::ptrdiff_t>(first), edges.end()),
                edges.end());
    for (const uint32_t var : reads(op)) readers[var].push_back(op);
    for (const uint32_t var : writes(op)) {
      writer[var] = op;
      readers[var].clear();
    }
  }
  return edges;
}

}  // namespace tenter::bench
