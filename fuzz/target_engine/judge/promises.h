// Promises: what the table of a target says of its engine, and the judge holds it to.
//
// Thread safety: plain data.
#pragma once

#include "harness/target/target.h"

namespace tenter::fuzz::target_engine {

struct Promises {
  tgt_error_rule errors = TGT_ERRORS_EVERY_WAIT;
  bool total_order = true;  // push numbers are one order over all threads
};

}  // namespace tenter::fuzz::target_engine
