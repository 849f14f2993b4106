#include "harness/faults/nearest.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace tenter {
namespace {

// Levenshtein distance, one row at a time.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

std::string ListOf(std::span<const std::string> known) {
  constexpr size_t kShown = 12;
  if (known.empty()) return "; there is none";
  std::string list = "; known:";
  for (size_t i = 0; i < std::min(known.size(), kShown); ++i)
    list += (i == 0 ? " " : ", ") + known[i];
  return known.size() > kShown ? list + " and " + std::to_string(known.size() - kShown) + " more"
                               : list;
}

}  // namespace

std::string DidYouMean(std::string_view found, std::span<const std::string> known) {
  const std::string* best = nullptr;
  size_t best_distance = found.size() + 1;
  for (const std::string& name : known) {
    // What differs in more than a third of its letters was not meant: a guess would mislead.
    const size_t near = (std::max(found.size(), name.size()) + 1) / 3;
    const size_t distance = EditDistance(found, name);
    if (distance <= near && distance < best_distance) {
      best_distance = distance;
      best = &name;
    }
  }
  return best == nullptr ? ListOf(known) : ", did you mean '" + *best + "'?";
}

bool GlobMatches(std::string_view glob, std::string_view text) {
  size_t g = 0, t = 0, star = std::string_view::npos, retry = 0;
  while (t < text.size()) {
    if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t])) {
      ++g, ++t;
    } else if (g < glob.size() && glob[g] == '*') {
      star = g++;
      retry = t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

}  // namespace tenter
