// CachedOp: a model that any number of threads may call. Start here.
//
// Path: Invoke, InvokeAsync -> Callers (who is inside) -> PlanCache (one plan per input signature)
// -> Request: a place and an arena of ArenaPool, its ops, run in one of four ways (plan_ops.h) ->
// result tensors, or the error of the first node that failed.
//
// With `thread_safe` off (COP-6) requests run inline, and a second caller is detected and refused.
//
// Thread safety: every method from any thread, whatever `thread_safe` says: with the flag off,
//   concurrent calls of Invoke answer kConcurrentUse.
// Ownership and lifetime: shares the graph (the parameters exist once per process, and once more
//   per order in which kernels want them, however many ops use them); borrows engine and probe,
//   which outlive it. Closing while requests are in flight is safe: they finish (COP-4). The
//   destructor waits for every request that is inside, and for its answer: one that waits for room
//   gets kClosed, one that compiles or runs comes to its end. It may run inside an answer, for
//   which it does not wait, when no other request is inside that needs this worker. In the child of
//   a fork the requests of other threads, and those that no thread waits for, are
//   forgotten: what they held is free, and they are not answered.
// Invariants: (1) a result is bitwise equal to the one-thread run of the same plan and input
//   (COP-1). (2) memory = parameters + plans (bounded) + one arena per request that runs (bounded)
//   + inputs and outputs (COP-2).
// Errors: of Invoke, which never throws: kInvalidArgument (inputs do not fit the model: names
//   input, expected, found), kClosed, kConcurrentUse, kResourceExhausted (no memory, wherever it
//   was missing; or full and refusing), kWaitInsideOp, kDeadlineExceeded, kStopped (its engine was,
//   or it was cancelled), or what a node failed with, its message naming the request, the node and
//   its shapes (COP-5). A failed request leaves no trace in later ones. InvokeAsync answers with
//   the same, or refuses with it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/cached_op/arena_pool.h"
#include "runtime/cached_op/fork_hold.h"
#include "runtime/cached_op/plan_cache.h"
#include "runtime/cached_op/request/async_request.h"
#include "runtime/cached_op/request/callers.h"
#include "runtime/device/teams.h"

namespace tenter {

struct CachedOpOptions {
  bool thread_safe = true;
  // Requests that run at the same time, or wait, where more are refused. 0: 8, or enough for a
  // whole batch in each place where that is more.
  size_t in_flight_max = 0;
  WhenFull when_full = WhenFull::kQueue;
  // Requests that run at the same time, each in an arena, at most in_flight_max. 0: as many as
  // there are workers; inline and on the naive engine, in_flight_max, since it costs more to wake
  // the next thread than to let it compete.
  size_t running_max = 0;
  // Input signatures kept compiled, and about what they may cost; 0: as many as that allows.
  size_t plans_max = 0;
  size_t plan_bytes_max = PlanLimits().bytes;
  // Requests of one signature that may run as one: those that wait, 2, 4, 8 ... of them, at most so
  // many, and no more than in_flight_max / running_max or BatchPlans::kMost. 1: each alone. Only
  // where they run on workers as one op each, of a model that keeps the rows of its inputs apart
  // (graph/rows/rows_apart.h); all others run alone. The last bits of a number may differ from
  // those of a request that runs alone.
  size_t batch_max = 1;
  KernelChoice kernels = KernelChoice::kOneDnn;
  // Convolutions of 3x3 from fewer products (onednn/winograd.h): faster, rounded otherwise, and
  // with weights that take four times the room.
  bool winograd = true;
  // Threads that compute a kernel together, its caller among them: large kernels are cut into so
  // many parts (ops/parts). Each worker, or caller where requests run inline, has a team of its
  // own, so workers x intra_op is best no more than there are processors. The last bits of a number
  // may depend on it, and on nothing that happens in a run.
  int intra_op = 1;
  // Products of two numbers that a kernel takes, or half as many bytes that it moves, for it to be
  // cut.
  int64_t grain = kGrain;
  Way way = Way::kDirect;  // without thread_safe: inline
  int workers = 1;  // of the engine: how many threads may run nodes at once; 0 for the naive engine
  Probe* probe = nullptr;  // borrowed
};

// What a cached op holds now, in bytes and counts.
struct CachedOpFootprint {
  size_t parameter_bytes = 0;  // in memory, as they are and in orders of kernels
  size_t plans = 0;
  size_t plan_bytes = 0;     // of those, about
  size_t scratch_bytes = 0;  // of the plans that are kept, where workers have it
  size_t arena_bytes = 0;    // of all arenas that exist
  size_t in_flight = 0;      // requests that run
  size_t in_flight_max = 0;  // the most that ever did at the same time
  size_t waiting = 0;        // for room, or for a plan that another caller compiles
  uint64_t compilations = 0;
  uint64_t requests = 0;
  uint64_t batched = 0;  // requests that ran as one with others
};

class CachedOp {
 public:
  // REQUIRES: `graph` went through Simplify; intra_op is positive; there is an
  // engine, unless requests run inline. Throws std::bad_alloc.
  CachedOp(Engine* engine, std::shared_ptr<const Graph> graph, const CachedOpOptions& options);
  ~CachedOp();

  // Runs the model once. `inputs`: one tensor per graph input, in order; only read, and borrowed
  // for the call. Returns one fresh tensor per graph output. Blocks until the request has ended;
  // requests that wait for room are served by priority, and then in order of arrival.
  Result<std::vector<Tensor>> Invoke(std::span<const Tensor> inputs,
                                     const InvokeOptions& options = {});

  // As Invoke, but `answer` gets the results: from a worker, inside an op of the engine; of a
  // request that ends while it waits for room, from whoever cancels it or closes the op, or from
  // the thread that watches deadlines; where requests run inline, before this call returns. It must
  // neither throw nor wait; it may call InvokeAsync, of an op that is thread_safe, and where
  // requests run inline, within the stack. Returns the number of the request, and blocks only while
  // its plan is compiled. A request that is refused here, also since the op is full, is not
  // answered.
  Result<uint64_t> InvokeAsync(std::vector<Tensor> inputs, const InvokeOptions& options,
                               Answer answer);

  // Ends the request of this number, which InvokeAsync returned, with kStopped, unless it has
  // ended: at once while it waits, before its next node when it runs. May begin the request that
  // comes next.
  void Cancel(uint64_t request) { callers_.Cancel(request); }

  // Refuses later calls with kClosed; returns at once.
  void Close();
  // Blocks until every request of InvokeAsync has its answer, but for those whose answer the
  // calling thread gives, and those that run inline: their callers are inside. REQUIRES: closed;
  // the thread is none of the engine.
  void AwaitAnswers() noexcept;
  bool closed() const { return callers_.closed(); }

  const Graph& graph() const { return *graph_; }
  CachedOpFootprint footprint() const;

 private:
  Result<std::shared_ptr<const Plan>> PlanFor(std::span<const Tensor> inputs);
  Result<std::shared_ptr<const Plan>> Compile(std::span<const TensorSpec> signature,
                                              size_t requests);
  void PrepareBatches(const Plan& plan);
  bool batches() const {
    return options_.batch_max > 1 && (way() == Way::kSerial || way() == Way::kDirect) &&
           options_.workers > 0;
  }
  // Calls `block`, which blocks until requests have ended; a body of another engine may be in it
  // while the process forks.
  void Block(const std::function<void()>& block) noexcept;
  Way way() const { return options_.thread_safe ? options_.way : Way::kInline; }

  const std::shared_ptr<const Graph> graph_;
  const CachedOpOptions options_;
  Callers callers_;
  ForkHold compiling_;
  PlanCache plans_;
  const std::unique_ptr<Teams> teams_;  // null: kernels run on one thread
  ArenaPool arenas_;
  const RequestHost host_;
  Atomic<uint64_t> requests_ = 0;  // numbers the requests; orders nothing
};

}  // namespace tenter
