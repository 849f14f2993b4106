// NodeTime: what one node took in the plan of a runtime, told by that runtime; Profile: all of
// them, over the rounds of a measurement.
//
// Thread safety: plain values.
// Ownership and lifetime: own their strings.
// Invariants: a profile has as many series as nodes, each with a value per round: the mean over the
//   answers of the round, which is all that OpenVINO tells. An absent one has neither.
#pragma once

#include <string>
#include <vector>

namespace tenter::bench {

// In the words of the runtime.
struct ProfiledNode {
  std::string name;
  std::string op;
  std::string kernel = {};  // empty: it does not tell
  // Names of nodes of the model that it says it does; none where it tells nothing but its own name.
  std::vector<std::string> does = {};
  std::string makes = {};  // "float32[1,56,56,64]", as it lies in memory; empty: it does not tell
};

struct NodeTime {
  ProfiledNode node;
  double ns = 0;  // on average over the answers that count
};

struct Profile {
  std::string contender = {};
  std::string absent = {};  // why there is none, or nothing
  std::vector<ProfiledNode> nodes = {};
  std::vector<std::vector<double>> ns = {};
  std::vector<double> answer_ns = {};  // of a round: a whole answer with the profile on, on average
};

}  // namespace tenter::bench
