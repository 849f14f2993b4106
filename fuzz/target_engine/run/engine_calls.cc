#include "fuzz/target_engine/run/engine_calls.h"

#include <algorithm>
#include <string_view>

namespace tenter::fuzz::target_engine {
namespace {

// A text that fills its array may lack its end.
template <size_t kSize>
std::string Text(const char (&text)[kSize]) {
  const std::string_view all(text, kSize);
  return std::string(all.substr(0, all.find('\0')));
}

Answer Answered(tgt_code code, const tgt_error& error) {
  if (code == TGT_OK) return {};
  return {.code = code,
          .op = {},
          .place = {},
          .type = Text(error.type),
          .message = Text(error.message)};
}

Answer Told(tgt_code code, const tgt_failure& failure, const tgt_error& error) {
  Answer answer = Answered(code, error);
  answer.push_number = failure.push_number;
  answer.chain_length = failure.chain_length;
  answer.op = Text(failure.op);
  answer.place = Text(failure.place);
  return answer;
}

}  // namespace

Answer EngineCalls::Create(const Program& program) {
  const tgt_engine_options options = {
      .workers = program.workers,
      .run_dependents = program.policy == ErrorPolicy::kRunDependents ? 1 : 0};
  tgt_error error = {};
  return Answered(table().engine_create(target_.self(), &options, &engine_, &error), error);
}

Answer EngineCalls::Free() {
  tgt_error error = {};
  return Answered(table().free_handle(target_.self(), engine_, &error), error);
}

Result<Var> EngineCalls::NewVar() {
  tgt_var made = {};
  tgt_error error = {};
  const tgt_code code = table().var_create(target_.self(), engine_, &made, &error);
  if (code != TGT_OK) return Status(CodeOf(code), Text(error.message));
  return Var{made.index, made.generation};
}

StatusCode EngineCalls::DeleteVar(const Var& var) {
  tgt_error error = {};
  return CodeOf(table().var_delete(target_.self(), engine_, {var.index, var.generation}, &error));
}

StatusCode EngineCalls::Push(const tgt_op& op, uint64_t* push_number) {
  tgt_error error = {};
  uint64_t number = 0;
  const tgt_code code = table().push(target_.self(), engine_, &op, &number, &error);
  if (code == TGT_OK) *push_number = number;
  return CodeOf(code);
}

void EngineCalls::End(tgt_completion* completion, tgt_completion_end how, const std::string& text) {
  table().completion_end(target_.self(), completion, how, text.c_str());
}

Answer EngineCalls::Wait(const Var& var) {
  tgt_failure failure = {};
  tgt_error error = {};
  const tgt_code code =
      table().wait_for_var(target_.self(), engine_, {var.index, var.generation}, &failure, &error);
  return Told(code, failure, error);
}

Answer EngineCalls::WaitForAll(size_t most, std::vector<Answer>* failures) {
  std::vector<tgt_failure> told(most + 1);
  size_t count = 0;
  tgt_error error = {};
  const tgt_code code =
      table().wait_for_all(target_.self(), engine_, told.data(), told.size(), &count, &error);
  for (size_t i = 0; i < std::min(count, told.size()); ++i)
    failures->push_back(Told(told[i].error.code, told[i], told[i].error));
  return Answered(code, error);
}

Answer EngineCalls::Stop(StopMode mode) {
  tgt_error error = {};
  const int32_t cancel = mode == StopMode::kCancel ? 1 : 0;
  return Answered(table().engine_stop(target_.self(), engine_, cancel, &error), error);
}

EngineCounts EngineCalls::Counts() {
  tgt_engine_counts told = {};
  tgt_error error = {};
  EngineCounts counts;
  if (table().engine_counts(target_.self(), engine_, &told, &error) != TGT_OK) return counts;
  counts.pushed = told.pushed;
  counts.ran = told.ran;
  counts.failed = told.failed;
  counts.skipped = told.skipped;
  counts.cancelled = told.cancelled;
  counts.live_ops = told.live_ops;
  counts.live_vars = told.live_vars;
  return counts;
}

// What they say while everything moves is not judged.
void EngineCalls::Look() {
  static_cast<void>(Counts());
  static_cast<void>(Describe());
}

}  // namespace tenter::fuzz::target_engine
