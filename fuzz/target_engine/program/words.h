// Words: the part of the programs of fuzz/engine that the interface of a target can say.
//
// It has no word for failure scopes, captured programs, bulks, deadlines, deleters, a lack of
// memory, workers that cannot start or end, and forks. An op that ends by its completion fails by
// that, too, and with a text: nothing is promised of an asynchronous body that throws.
//
// Path: GenerateProgram -> Restrict -> the program of a case.
//
// Thread safety: pure.
// Invariants: what Restrict leaves is as Normalise wants it, and Restrict leaves it as it is.
#pragma once

#include "fuzz/engine/program/program.h"
#include "runtime/base/status.h"

namespace tenter::fuzz::target_engine {

// Takes out what has no word, or puts the nearest that has one in its place.
void Restrict(Program* program);

// Errors: the first statement for which there is no word.
Status CheckWords(const Program& program);

}  // namespace tenter::fuzz::target_engine
