// GroupSteps: the steps of a plan as the ops that a request runs, in one of four ways.
//
//   serial    [s0 s1 s2 s3 s4]              one op; requests run beside one another, steps do not
//   inline    [s0 s1 s2 s3 s4]              the same, on the thread of the caller
//   direct    [s0 s1 s2 s3 s4]              the one or the other
//   dataflow  [s0 s1] -> [s2]  -> [s4] -> end     an op per group of steps; s2 and s3 may run at
//                    \-> [s3] -/                  the same time
//
// Path: Plan::Compile -> GroupSteps -> Plan::ops -> Arena -> Request.
//
// Thread safety: pure functions.
// Ownership and lifetime: plain values.
// Invariants: (1) each step is in one op, and the ops are in the order of the steps. (2) Two steps
//   that share a slot, of which one writes it, are in one op or are ordered by vars. (3) The last
//   op begins when all others have ended, and reads all vars: what one of them failed with reaches
//   it, since what a step computes is read on the way to an output. (4) Two steps that could run at
//   the same time are in different ops of a dataflow.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenter {

enum class Way {
  kSerial,    // a request is one op on one worker
  kInline,    // a request runs on the thread of its caller
  kDataflow,  // the steps of a request are ops that wait for one another
  kDirect,    // on the thread of a caller that waits, when a place is free; else as kSerial
};

// "serial".
std::string_view NameOf(Way way);

// The slots of the memory plan that a step touches; one may stand there twice.
struct StepSlots {
  std::vector<int> reads;
  std::vector<int> writes;
};

struct PlanOp {
  std::string name;
  size_t first = 0, end = 0;  // its steps, [first, end); none for the end of a dataflow
  std::vector<int> reads;     // vars, counted from 0
  std::vector<int> writes;
};

struct PlanOps {
  std::vector<PlanOp> ops;  // never empty
  size_t vars = 0;
};

// The steps of a plan, in an order in which they may run one after another.
struct StepOrder {
  std::vector<StepSlots> steps;
  std::vector<std::string> names;  // of the steps
  std::vector<int> outputs;        // the slots that hold results when all steps have run
  size_t slots = 0;
};

// A dataflow in which nothing could run beside anything else is one op, and has no vars.
PlanOps GroupSteps(const StepOrder& order, Way way);

}  // namespace tenter
