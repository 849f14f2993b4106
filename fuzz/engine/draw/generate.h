// GenerateProgram: a random program of a profile, drawn by rapidcheck's generators.
//
// Thread safety: one caller at a time (rapidcheck keeps state of its own).
// Ownership and lifetime: values.
// Invariants: the program depends on the arguments alone.
#pragma once

#include <vector>

#include "fuzz/engine/draw/profile.h"
#include "fuzz/engine/program/program.h"

namespace tenter::fuzz {

struct Draw {
  Profile profile;
  std::vector<int> workers;  // one of these
  int most_ops = 24;
};

Program GenerateProgram(const Draw& draw, uint64_t seed);

}  // namespace tenter::fuzz
