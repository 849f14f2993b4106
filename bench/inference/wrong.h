// MakeWrong: a contender that answers wrongly, to see that the benchmark finds it.
//
// Thread safety: as that of the contender inside.
// Ownership and lifetime: owns the contender inside.
#pragma once

#include "bench/model/model_contender.h"

namespace tenter::bench {

enum class Wrongness {
  kOther,     // the last byte of the first result is another one, always
  kChanging,  // from the fiftieth question of a client on
};

ModelContenderPtr MakeWrong(ModelContenderPtr inside, Wrongness wrongness);

}  // namespace tenter::bench
