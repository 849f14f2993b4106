// StatementChanges: the ways in which one statement becomes simpler.
//
// Path: Shrink tries each on each statement.
//
// Thread safety: constants.
// Invariants: none undoes another, so that trying them in turn ends.
#pragma once

#include <span>

#include "fuzz/engine/program/statement.h"

namespace tenter::fuzz {

using StatementChange = void (*)(Statement*);

std::span<const StatementChange> StatementChanges();

}  // namespace tenter::fuzz
