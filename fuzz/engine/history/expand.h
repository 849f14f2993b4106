// Expand: a program in which each push says what it pushes once, for those who run and judge it. A
// push that says `times 300` stands for 300 ops that are alike, so that a backlog is one line: it
// is drawn, read and made smaller as one statement.
//
// Path: text -> ParseProgram -> Expand -> RunCase.
//
// Thread safety: pure.
// Ownership and lifetime: values.
// Invariants: the copies of op5 are op5.1, op5.2, ... (statement.h), each directly behind the one
//   before. A program without `times` comes back as it is.
#pragma once

#include "fuzz/engine/program/program.h"

namespace tenter::fuzz {

Program Expand(const Program& program);

}  // namespace tenter::fuzz
