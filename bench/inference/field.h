// Field: the contenders that loaded a model, each with its first answers, in one process.
//
// Thread safety: one thread, but for what the members say of themselves.
// Ownership and lifetime: owns contenders and inputs; the destructor unloads what was loaded.
// Invariants: first answers are there for every set of inputs, and agree among all that are here;
//   a peer that cannot load the model is told as absent, with the reason, and so is ours when it
//   does not know the model.
// Errors: throws WrongAnswer, and what ours throws for another reason.
#pragma once

#include <exception>
#include <memory>
#include <vector>

#include "bench/inference/first_answers.h"
#include "bench/inference/model_options.h"
#include "bench/measure/results.h"
#include "bench/model/model_contender.h"
#include "runtime/base/rng.h"

namespace tenter::bench {

struct Entrant {
  ModelContenderPtr contender;
  FirstAnswers first;

  std::string name() const { return contender->description().name; }
};

class Field {
 public:
  // Descriptions, also those of the absent, go to `results`.
  Field(const ModelOptions& options, const Setup& setup, std::vector<ModelContenderPtr> contenders,
        Results& results);
  ~Field();

  const Inputs& inputs() const { return inputs_; }
  std::vector<std::unique_ptr<Entrant>>& entrants() { return entrants_; }
  // How long a block lasts: as asked for, or until the slowest has some ten answers, so that the
  // last one of a block hardly tells.
  int64_t BlockNs() const;
  // How many of the slowest would fit into a block that is no longer than asked for.
  uint64_t AnswersInBlock() const;
  // All of them in a new order.
  std::vector<Entrant*> Shuffled();

 private:
  void Enter(ModelContenderPtr contender, Results& results);

  const ModelOptions& options_;
  const Setup setup_;
  const Inputs inputs_;
  Rng rng_;
  int64_t slowest_ns_ = 0;  // the last first answer of each, when it was warm
  std::vector<std::unique_ptr<Entrant>> entrants_;
};

// Whether the error says that this contender has no figure for this model, and not that something
// is broken: any of a peer, and of ours that it does not know the model.
bool MakesAbsent(const ModelContender& contender, const std::exception& error);

// The contenders that are there, by the options; the others are told to `results` as absent.
std::vector<ModelContenderPtr> Contenders(const ModelOptions& options, Results& results);

}  // namespace tenter::bench
