// Told: a history that is made up, so that a test can lie in it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/api/judge/judge.h"

namespace tenter::fuzz::api {

// A history of one thread in which every call was answered with TENTER_OK; makers give the numbers
// 100, 101, ...
class Told {
 public:
  explicit Told(const std::string& text)
      : program_(std::make_shared<Program>(ParseProgram(text).value())) {
    uintptr_t handles[kMostHandles] = {}, next = 100;
    uint64_t stamp = 1;
    for (const Line& line : program_->lines) {
      Answer& answer = history_.calls.emplace_back();
      answer.line = &line;
      answer.begin = stamp++;
      answer.end = stamp++;
      for (int i = 0; i < 2; ++i) answer.given[i] = handles[line.handles[i]];
      if (line.made != 0) answer.made = handles[line.made] = next++;
    }
  }
  Told& With(size_t call, tenter_code code) {
    history_.calls[call].code = code;
    return *this;
  }
  // As if the call ended only when the next one had begun.
  Told& Overlap(size_t call) {
    std::swap(history_.calls[call].end, history_.calls[call + 1].begin);
    return *this;
  }
  Told& Number(size_t push, uint64_t number) {
    history_.calls[push].number = number;
    return *this;
  }
  Told& Tells(size_t wait, size_t count, std::vector<Failed> failed) {
    history_.calls[wait].count = count;
    history_.calls[wait].failed = std::move(failed);
    return *this;
  }
  Told& Ran(size_t record, int times) { return Saw(record, {.call = nullptr, .times = times}); }
  // What became of the op of `call`.
  Told& Saw(size_t call, fuzz::api::Ran ran) {
    ran_[{call, ran.nth}] = ran;
    return *this;
  }
  History& history() { return history_; }
  std::string Kind() const {
    History history = history_;
    for (auto [key, ran] : ran_) {
      ran.call = &history.calls[key.first];
      history.ran.push_back(ran);
    }
    const auto finding = Judge(history);
    return finding.has_value() ? finding->contract + " " + finding->kind : "";
  }

 private:
  std::shared_ptr<const Program> program_;  // its lines stay where they are
  History history_;
  std::map<std::pair<size_t, int>, fuzz::api::Ran> ran_;
};

}  // namespace tenter::fuzz::api
