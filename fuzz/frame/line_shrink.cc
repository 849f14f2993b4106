#include "fuzz/frame/line_shrink.h"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <utility>

#include "runtime/base/clock.h"

namespace tenter::fuzz {
namespace {

constexpr size_t kFewLines = 10;  // with so few all pairs are tried

bool IsForPeople(const std::string& line) {
  return line.starts_with('#') || line.find_first_not_of(" \t\r") == std::string::npos;
}

class LineShrinker {
 public:
  LineShrinker(const std::string& program, const LineShrinking& how)
      : how_(how), steps_{program}, best_(SplitLines(program)) {}

  // The program as it was given, and each smaller one that failed.
  std::vector<std::string> Run() {
    for (bool smaller = true; smaller && NowNs() < how_.deadline_ns;) {
      const size_t before = steps_.size();
      RemoveChunks();
      for (size_t i = 0; i < best_.size(); ++i) Simplify(i);
      if (best_.size() <= kFewLines) RemovePairs();
      smaller = steps_.size() > before;
    }
    return std::move(steps_);
  }

 private:
  bool Accept(const Lines& candidate) {
    if (NowNs() >= how_.deadline_ns) return false;
    const std::optional<std::string> mended = how_.mend(JoinLines(candidate));
    if (!mended.has_value() || *mended == steps_.back() || !how_.fails(*mended)) return false;
    steps_.push_back(*mended);
    best_ = SplitLines(*mended);
    return true;
  }

  bool AcceptWithout(size_t first, size_t count) {
    Lines candidate = best_;
    const auto at = candidate.begin() + static_cast<long>(first);
    candidate.erase(at, at + static_cast<long>(std::min(count, best_.size() - first)));
    return Accept(candidate);
  }

  void RemoveChunks() {
    for (size_t chunk = std::max<size_t>(1, best_.size() / 2);; chunk /= 2) {
      for (size_t at = 0; at < best_.size();)
        if (!AcceptWithout(at, chunk)) at += chunk;
      if (chunk <= 1) return;
    }
  }

  // Two lines that are needed together may still be superfluous together.
  void RemovePairs() {
    for (size_t a = 0; a < best_.size(); ++a)
      for (size_t b = a + 1; b < best_.size();) {
        Lines candidate = best_;
        candidate.erase(candidate.begin() + static_cast<long>(b));
        candidate.erase(candidate.begin() + static_cast<long>(a));
        if (!Accept(candidate)) ++b;
      }
  }

  void Simplify(size_t i) {
    for (bool simpler = true; simpler && i < best_.size();) {
      simpler = false;
      for (const std::string& line : how_.simpler(best_, i)) {
        Lines candidate = best_;
        candidate[i] = line;
        simpler = Accept(candidate);
        if (simpler) break;
      }
    }
  }

  const LineShrinking& how_;
  std::vector<std::string> steps_;
  Lines best_;
};

}  // namespace

Lines SplitLines(const std::string& program) {
  Lines lines;
  std::istringstream in(program);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string JoinLines(const Lines& lines) {
  std::string program;
  for (const std::string& line : lines) program += line + "\n";
  return program;
}

std::string WithoutComments(const std::string& program) {
  Lines lines = SplitLines(program);
  std::erase_if(lines, IsForPeople);
  return JoinLines(lines);
}

std::string WithLinesOf(const std::string& file, const std::string& message) {
  constexpr std::string_view kLine = "line ";
  if (!message.starts_with(kLine)) return message;
  size_t end = kLine.size(), left = 0, number = 0;
  for (; end < message.size() && std::isdigit(static_cast<unsigned char>(message[end])); ++end)
    left = 10 * left + static_cast<size_t>(message[end] - '0');
  for (const std::string& line : SplitLines(file)) {
    if (left == 0) break;
    ++number;
    left -= IsForPeople(line) ? 0 : 1;
  }
  return std::string(kLine) + std::to_string(number) + message.substr(end);
}

size_t SmallestThatComesBack(size_t steps, const std::function<bool(size_t)>& comes_back) {
  size_t back = steps - 1, gone = steps;  // what comes back, and what does not
  for (size_t distance = 1; back > 0 && !comes_back(back); distance *= 2) {
    gone = back;
    back -= std::min(distance, back);
  }
  while (gone - back > 1) {
    const size_t middle = back + (gone - back) / 2;
    (comes_back(middle) ? back : gone) = middle;
  }
  return back;
}

std::string ShrinkLines(const std::string& program, const LineShrinking& how) {
  const std::vector<std::string> steps = LineShrinker(program, how).Run();
  return steps[SmallestThatComesBack(steps.size(),
                                     [&](size_t i) { return how.comes_back(steps[i]); })];
}

}  // namespace tenter::fuzz
