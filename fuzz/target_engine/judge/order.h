// Order: one order of the pushes that a target took, which explains what was seen of them.
//
// A target with `total_push_order` says it by its push numbers. Of another one only this is known:
// of two ops that touch the same var, the one whose push had returned before that of the other
// began comes first, and otherwise the one that ran first. When one of these did not run, nobody
// knows; such a case is judged for what needs no order.
//
// A target does not tell the number of a deletion: it stands behind the last accepted use of its
// var.
//
// Path: History -> OrderOf -> the model of fuzz/engine -> Judge.
//
// Thread safety: pure.
#pragma once

#include <map>
#include <vector>

#include "fuzz/engine/judge/case.h"
#include "fuzz/target_engine/judge/promises.h"

namespace tenter::fuzz::target_engine {

struct Order {
  std::vector<Pushed> pushes;  // `number` is the place of each, from 1
  bool certain = true;
  std::map<uint64_t, uint64_t> told;  // by `number`: what the push returned; 0: a deletion
};

Order OrderOf(const Case& c, const Promises& promises);

}  // namespace tenter::fuzz::target_engine
