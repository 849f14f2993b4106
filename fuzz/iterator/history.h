// History: what the consumers of one program were answered.
//
// Path: RunProgram -> History -> Judge.
//
// Thread safety: plain data; each consumer writes answers of its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/iterator/program.h"

namespace tenter::fuzz::iterator {

// One call and its answer. Of two calls of which one had ended before the other began, the stamps
// say so.
struct Answer {
  int consumer = 0;
  Verb verb = Verb::kNext;
  uint64_t begin = 0, end = 0;
  int64_t took_ns = 0;
  tgt_code code = TGT_OK;
  tgt_error error = {};
  // kNext that was answered with a batch
  bool has_batch = false;
  int64_t index = 0, first_row = 0, pad = 0;
  tgt_dtype dtype = TGT_FLOAT32;
  std::vector<int64_t> dims;
  std::string bytes;
  bool changed = false;  // the batch was another one when its consumer looked again, much later
  // kSkipped
  uint64_t room = 0;
  bool beyond_room = false;  // something was written behind the room
  uint64_t skipped = 0;
  std::vector<int64_t> skipped_lines;
  std::vector<std::string> skipped_reasons;
};

// What an error that fault `number` of a program causes must say.
inline std::string FaultText(size_t number) {
  return "[injected fault " + std::to_string(number) + "]";
}

struct History {
  std::vector<std::vector<Answer>> consumers;
  tgt_code create = TGT_OK, free = TGT_OK, after_free = TGT_OK;
  tgt_error create_error = {};
  int64_t threads_left = 0, descriptors_left = 0;
  bool has_sites = false;  // the target told of a site
  int64_t most_ahead = 0;  // batches begun beyond those that were asked for; without resets only
  std::string path;
};

// What an answer broke: the contract, what is recognised while shrinking, and for a person.
struct Broken {
  const char* contract = "";
  const char* kind = "";
  std::string detail;
};

}  // namespace tenter::fuzz::iterator
