// MeasureProfile: where the time of one answer goes, in the words of each contender that tells it,
// beside what an answer takes when nobody looks.
//
// A round has a block of answers of each without a profile, as those of MeasureLatency, and then
// one with it, for which the contender is loaded anew: ONNX Runtime writes its profile when it is
// through, and OpenVINO counts since it was loaded.
//
// Path: Field -> MeasureLatency; ProfiledContenders -> Load, Infer ..., TakeProfile ->
// Results::profiles.
//
// Thread safety: one thread.
// Ownership and lifetime: borrows the field.
// Invariants: who keeps a profile answers as the one that keeps none, or there is no figure. A
//   contender that has none to tell is absent with the reason, in every round.
// Errors: throws WrongAnswer, and what ours throws but for a model that it does not know.
#pragma once

#include <vector>

#include "bench/inference/field.h"
#include "bench/inference/model_options.h"
#include "bench/measure/results.h"

namespace tenter::bench {

// Those that keep a profile, of the entrants of the field: each has the name of its entrant.
std::vector<ModelContenderPtr> ProfiledContenders(Field& field, const ModelOptions& options);

// Returns the rows of MeasureLatency; a profile of each of `profiled` goes to `results`. REQUIRES:
// each has the name of an entrant.
std::vector<Row> MeasureProfile(Field& field, const ModelOptions& options,
                                std::vector<ModelContenderPtr> profiled, Results& results);

}  // namespace tenter::bench
