// Handles: which var each letter of a program meant at some moment.
//
// Thread safety: plain data.
// Ownership and lifetime: values.
#pragma once

#include <vector>

#include "runtime/engine/var.h"

namespace tenter::fuzz {

// The var that a letter meant at some moment: `new` gives a letter a fresh one.
struct Handle {
  Var var;
  int instance = -1;  // -1: the letter had no var
};
using Handles = std::vector<Handle>;

// The instances behind letters, each once, in order.
std::vector<int> Instances(const std::vector<int>& letters, const Handles& handles);

}  // namespace tenter::fuzz
