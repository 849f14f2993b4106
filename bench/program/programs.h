// The programs that the benchmarks run: how the ops of each shape depend on each other.
//
// Thread safety: pure functions.
// Ownership and lifetime: values.
// Invariants: a program depends on its arguments alone, so that every contender and every run
//   measures the same one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bench/program/program.h"

namespace tenter::bench {

// Every op writes a variable of its own.
Program Independent(size_t ops);

// Op i updates variable i mod lanes: `lanes` chains side by side.
Program Chains(size_t ops, uint32_t lanes);

// Every op reads `reads` and writes one of `variables`, drawn at random without repetition.
// REQUIRES: reads < variables.
Program RandomSets(size_t ops, uint32_t reads, uint32_t variables);

// Two reads and one write over 10 variables, spread over `live` that all exist. REQUIRES: live >=
// 10.
Program AmongLive(size_t ops, uint32_t live);

// A write of one variable and then `readers` ops that read it, again and again.
Program ManyReaders(size_t ops, uint32_t readers);

// Every op reads the same `reads` variables and writes one.
Program ManyReads(size_t ops, uint32_t reads);

// For several pushers: the ops of each third, half or eighth use 64 variables of their own; op i
// belongs to pusher i * pushers / ops. Two reads and one write each.
Program Disjoint(size_t ops, uint32_t pushers);

// `lanes` pipelines side by side: op i reads the variable of op i - lanes and writes its own.
Program Pipelines(size_t ops, uint32_t lanes);

// Networks side by side, as requests are: `layers` layers of `width` ops; an op writes a variable
// of its own and reads three of the layer before.
Program Layered(size_t networks, uint32_t layers, uint32_t width);

}  // namespace tenter::bench
