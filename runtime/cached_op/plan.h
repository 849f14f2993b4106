// Plan: a model compiled for one input signature; what all requests of that signature share.
//
// Path: Graph + signature -> Plan::Compile (Specialise, RunPasses, PlanMemory, a
// kernel per node, GroupSteps) -> steps, and the ops that a request runs them in.
//
// Thread safety: immutable after Compile, but for the plans for several requests that are added
//   (batch_plans.h), and for the scratch memory of the workers: the kernels of a plan may run at
//   the same time for distinct requests, each with scratch of its own.
// Ownership and lifetime: owns kernels and scratch, shares the sealed parameters, and keeps those
//   in memory that its kernels read. Requests and arenas hold a shared reference, so a plan that
//   was dropped from the cache lives until its last request has ended.
// Invariants: (1) every value a step reads is an input, a constant, or written by an earlier step.
//   (2) where steps of one request may run at the same time, scratch exists once per worker.
// Errors: Compile returns what Specialise or a kernel says, naming node and shapes.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/cached_op/batch_plans.h"
#include "runtime/cached_op/plan_ops.h"
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
};

struct PlanOptions {
  KernelChoice kernels = KernelChoice::kOneDnn;
  Way way = Way::kSerial;
  int workers = 1;  // how many threads may run ops of one request at once
  bool winograd = true;
  Cut cut = {};          // for threads that compute a kernel together
  bool batches = false;  // look whether requests may run as one
  size_t requests = 1;   // that it is for: with more it is a plan of BatchPlans
};

class Plan {
 public:
  // Compiles `graph` for `signature`, one spec per graph input. REQUIRES: options.workers > 0. May
  // take milliseconds per node; blocks on nothing.
  static Result<std::shared_ptr<const Plan>> Compile(const Graph& graph,
                                                     std::span<const TensorSpec> signature,
                                                     const PlanOptions& options);

  std::span<const PlanStep> steps() const { return steps_; }
  // In the order in which they are pushed; the last one ends the request.
  std::span<const PlanOp> ops() const { return ops_.ops; }
  size_t vars() const { return ops_.vars; }
  int threads() const { return options_.cut.threads; }
  Way way() const { return options_.way; }
  bool runs_inline() const { return way() == Way::kInline; }
  size_t requests() const { return options_.requests; }
  // kOk when requests of this plan may run as one; else why they may not.
  const Status& rows_apart() const { return rows_apart_; }
  BatchPlans& batches() const { return batches_; }
  std::span<const TensorSpec> signature() const { return signature_; }
  std::span<const TensorSpec> output_specs() const { return output_specs_; }
  std::span<const ValueRef> outputs() const { return outputs_; }

  // Sizes of the slots of an arena. The slot of a graph output has size 0: it only orders the
  // steps, and the value lies in the caller's result.
  std::span<const size_t> slot_bytes() const { return slot_bytes_; }
  size_t arena_bytes() const;

  // What the steps of one request want as scratch, one after another. Where several ops of a
  // request may run at once each worker has so much; otherwise the arena has it.
  size_t scratch_bytes() const { return scratch_bytes_; }
  bool scratch_of_workers() const { return ops_.ops.size() > 1; }
  // REQUIRES: scratch_of_workers, 0 <= worker < options.workers.
  std::byte* scratch(int worker) const { return scratch_[worker]->data(); }
  size_t scratch_bytes_of_workers() const { return scratch_.size() * scratch_bytes_; }
  // About what the plan costs while it is kept: with the primitives of the library and their code,
  // of which nobody else knows the size, with constants of its own, with what one arena keeps for
  // it, and with the plans for several requests.
  size_t bytes() const {
    return scratch_bytes_of_workers() + constant_bytes_ + steps_.size() * kStepBytes +
           batches_.bytes();
  }

 private:
  // Measured: a hundred plans of an OCR classifier of 90 steps had 195 MB of resident pages.
  static constexpr size_t kStepBytes = 22 << 10;

  explicit Plan(const PlanOptions& options) : options_(options) {}
  Status Build(const Graph& graph);
  Status AddStep(const Node& node);
  ValueRef Refer(int value) const;
  PlanOps Group() const;
  Status AllocateScratch();

  const PlanOptions options_;
  Status rows_apart_ = {StatusCode::kUnsupported, "requests run alone"};
  mutable BatchPlans batches_;
  Graph graph_;                     // specialised
  std::vector<ParameterPin> pins_;  // of what the kernels read
  std::vector<TensorSpec> signature_;
  std::vector<TensorSpec> output_specs_;
  std::vector<PlanStep> steps_;
  PlanOps ops_;
  std::vector<ValueRef> outputs_;  // where each graph output comes from
  std::vector<size_t> slot_bytes_;
  std::vector<int> slot_of_value_;
  size_t constant_bytes_ = 0;  // of those that are no parameters: computed from shapes
  size_t scratch_bytes_ = 0;
  std::vector<std::shared_ptr<HostBlock>> scratch_;  // of the workers
};

}  // namespace tenter
