// Plan: a model compiled for one input signature; what all requests of that signature share.
//
// Path: Graph + signature -> Plan::Compile (Specialise, FoldHardSwish, LayOut, Fuse, PlanMemory, a
// kernel per node) -> steps. A step becomes one op on the engine; its slots become the vars that
// order it.
//
// Thread safety: immutable after Compile, but for the scratch memory: the kernels of a plan may run
//   at the same time for distinct requests, each with the scratch of another executor.
// Ownership and lifetime: owns kernels and scratch, shares the sealed parameters; requests and
//   arenas hold a shared reference, so a plan that was dropped from the cache lives until its
//   last request has ended.
// Invariants: (1) every value a step reads is an input, a constant, or written by an earlier step.
//   (2) scratch exists once per executor (worker), never per request.
// Errors: Compile returns what Specialise or a kernel says, naming node and shapes.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/device/memory.h"
#include "runtime/graph/graph.h"
#include "runtime/ops/op.h"

namespace tenter {

// Where a step finds a value.
struct ValueRef {
  enum class Source { kAbsent, kInput, kConstant, kSlot, kOutput };
  Source source = Source::kAbsent;
  int index = -1;  // of the input, slot or output
  TensorSpec spec = {};
  Tensor constant = {};
};

// "node 'conv1' (Conv of (float32[1,3,48,192], float32[8,3,3,3]))".
std::string NameOf(const ModelNode& node);

struct PlanStep {
  std::string name;  // of its first node, or of the one that it was put in for
  // What it does of the model, in order. Empty for a step that the compiler put in: no fault of the
  // model strikes there.
  std::vector<ModelNode> nodes;
  std::unique_ptr<Kernel> kernel;
  std::vector<ValueRef> inputs;
  std::vector<ValueRef> outputs;
  std::vector<int> reads;   // slots whose vars the op reads; one may stand there twice
  std::vector<int> writes;  // slots whose vars it writes
};

class Plan {
 public:
  // Compiles `graph` for `signature`, one spec per graph input. `executors` is how many threads
  // may run steps of this plan at once. May take milliseconds per node; blocks on nothing.
  static Result<std::shared_ptr<const Plan>> Compile(const Graph& graph,
                                                     std::span<const TensorSpec> signature,
                                                     KernelChoice kernels, int executors);

  std::span<const PlanStep> steps() const { return steps_; }
  std::span<const TensorSpec> signature() const { return signature_; }
  std::span<const TensorSpec> output_specs() const { return output_specs_; }
  std::span<const ValueRef> outputs() const { return outputs_; }

  // Sizes of the slots of an arena. The slot of a graph output has size 0: it only orders the
  // steps, and the value lies in the caller's result.
  std::span<const size_t> slot_bytes() const { return slot_bytes_; }
  size_t arena_bytes() const;

  // The scratch memory of one executor. REQUIRES: 0 <= executor < executors.
  std::byte* scratch(int executor) const { return scratch_[executor]->data(); }
  size_t scratch_bytes() const;

 private:
  Plan() = default;
  Status Build(const Graph& graph, KernelChoice kernels, int executors);
  Status AddStep(const Node& node, KernelChoice kernels);
  ValueRef Refer(int value) const;
  Status AllocateScratch(int executors);

  Graph graph_;  // specialised
  std::vector<TensorSpec> signature_;
  std::vector<TensorSpec> output_specs_;
  std::vector<PlanStep> steps_;
  std::vector<ValueRef> outputs_;  // where each graph output comes from
  std::vector<size_t> slot_bytes_;
  std::vector<int> slot_of_value_;
  std::vector<std::shared_ptr<HostBlock>> scratch_;
};

}  // namespace tenter
