// The fault sites of the iterators.
//
// Thread safety: constants.
// Ownership and lifetime: static storage, no state.
// Invariants: every site is hit by the code.
#pragma once

#include <array>

#include "runtime/base/probe.h"

namespace tenter::io_sites {

inline constexpr Site kSourceOpen{"io.source.open", kActionError | kActionDelay,
                                  "a source cannot open its file"};
inline constexpr Site kProducerNext{"io.producer.next",
                                    kActionThrow | kActionError | kActionDelay | kActionBadAlloc,
                                    "the producer thread fails while it makes a batch"};
inline constexpr Site kProducerReset{"io.producer.reset",
                                     kActionThrow | kActionError | kActionDelay,
                                     "the source fails while it starts a new epoch"};
inline constexpr Site kConsumerNext{
    "io.consumer.next", kActionDelay,
    "the consumer is slow: the queue of prefetched batches is full"};

inline constexpr std::array<const Site*, 4> kAll = {&kSourceOpen, &kProducerNext, &kProducerReset,
                                                    &kConsumerNext};

}  // namespace tenter::io_sites
