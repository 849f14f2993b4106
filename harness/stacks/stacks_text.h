// StacksText: the stacks of all threads as a text, for a watchdog that has memory for it.
//
// Path: a watchdog -> StacksOfAll -> the detail of a finding.
#pragma once

#include <string>

namespace tenter {

// What PrintThreadStacks writes; empty when there is no file for it. REQUIRES: PrepareThreadStacks.
std::string StacksOfAll();

}  // namespace tenter
