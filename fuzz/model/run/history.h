// History: what the callers of one program were answered, and what the target looked like then.
//
// Path: RunProgram -> History -> Judge.
//
// Thread safety: plain data; each caller writes answers of its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/model/program/program.h"
#include "harness/target/target.h"

namespace tenter::fuzz::model {

// An output as it came. `numbers` of int64 and float32 alike; both are exact in double here.
struct Output {
  tgt_dtype dtype = TGT_FLOAT32;
  Dims dims;
  std::vector<double> numbers;
};

// Who calls when all callers have returned.
inline constexpr int kNobody = -1;
inline std::string CallerName(int caller) {
  return caller == kNobody ? "afterwards, with nobody else inside" : "c" + std::to_string(caller);
}

// One call and its answer. Of two calls of which one had ended before the other began, the stamps
// say so.
struct Answer {
  int caller = 0;
  Verb verb = Verb::kCall;
  int op = 0;
  int64_t size = 0;
  uint64_t seed = 0;
  Bad bad = Bad::kRank;
  bool withdrawn = false, has_deadline = false;
  bool before_deadline = false;  // it was answered before
  int priority = 0;
  uint64_t request = 0;  // its number, of one that is answered later
  int answered = 1;      // how often, of a request that was answered later
  uint64_t begin = 0, end = 0;
  uint64_t asked = 0, given = 0;  // of one that is answered later: when it was taken and answered
  tgt_code code = TGT_OK;
  tgt_error error = {};
  std::vector<Output> outputs = {};
  bool changed = false;          // an output was another one when its caller looked again, later
  bool inputs_changed = false;   // the call wrote into its inputs
  tgt_footprint footprint = {};  // kLook
};

// A fault that struck.
struct Strike {
  size_t fault = 0;
  int64_t request = -1;
};

// What an error must say of the strike that caused it.
inline constexpr const char* kStrikeText = "[injected strike ";
inline std::string StrikeText(size_t strike) { return kStrikeText + std::to_string(strike) + "]"; }

// What is left of an op when all callers have returned and nothing strikes any more.
struct Rest {
  bool looked = false;
  tgt_footprint footprint = {};
  std::vector<Answer> again;  // one call after the other, two of each size
};

// Calls that came one after the other while the one place of an op was taken (arrivals.h).
struct Served {
  bool told = false;            // each waited when the next one came
  std::vector<Answer> answers;  // in the order in which they were served; callers count arrivals
};

// What was asked while the one place of an op was taken (taken.h).
struct Taken {
  bool told = false;
  std::vector<Answer> asked = {};   // in the order in which they came
  std::vector<int64_t> begun = {};  // the numbers of those that ran, in the order of their begin
};

// What the heap keeps of calls that are made again and again (growth.h).
struct Growth {
  int64_t bytes = 0;  // by which it grew in the round in which it grew least
  int times = 0;      // that each call was made in a round
  // Less than the least that can be allocated each time.
  bool is_none() const { return times == 0 || bytes < int64_t{16} * times; }
};

struct History {
  bool least_recent_plan_goes = false;  // the target promises it
  tgt_code create = TGT_OK;
  tgt_error create_error = {};
  std::vector<std::vector<Answer>> callers;
  std::vector<Strike> strikes;
  std::vector<Rest> rests;        // of each op
  uint64_t most_arena_bytes = 0;  // what one request holds at most; 0: not told
  Served served;
  Taken taken;
  Growth growth;
  bool parameters_changed = false;
  size_t told_to_engine = 0;  // failures that a wait for the whole engine was told at the end
  bool has_engine_counts = false;
  tgt_engine_counts engine = {};
  int64_t threads_left = 0, descriptors_left = 0;
};

// What an answer broke: the contract, what is recognised while shrinking, and for a person.
struct Broken {
  const char* contract = "";
  const char* kind = "";
  std::string detail;
};

}  // namespace tenter::fuzz::model
