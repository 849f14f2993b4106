// PackedWeights: the parameters of one model in the orders that kernels want them, each once.
//
// A fast convolution wants its weights in blocks that fit its registers. They are packed when the
// first plan needs them, and shared by all plans (COP-2): another input signature costs memory of
// that kind only where the library wants another order for it.
//
// Weights that are packed and that nobody reads as they lie in the parameters are given back: their
// pages go, and whoever touches them faults. They come back from the packed ones when a kernel has
// to read them after all. Whoever makes kernels says which parameters these read (PinParameter),
// and which they do not (GiveBackParameter).
//
// Path: Graph::packed -> OpCall::packed -> MakeOneDnnConvolution, MakeWinograd -> Get ->
// OneDnnKernel.
//
// LOCK ORDER: PackedWeights::mutex_ is a leaf; it is held while weights are packed, so that no two
//   threads pack the same ones.
//
// Thread safety: every method from any thread. They belong into a section in which the process does
//   not fork (ForkHold), as all that makes kernels; nothing else takes the lock.
// Ownership and lifetime: owned by the graph; shares the parameters, and kernels share the pages.
// Invariants: pages are sealed before anybody else sees them. Parameters are given back only while
//   no pin of theirs lives and something is there of which they can be made again.
// Errors: kResourceExhausted, and throws dnnl::error and std::bad_alloc; nothing is kept then, and
//   a later call tries again.
#pragma once

#include <dnnl.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/mutex.h"
#include "runtime/base/status.h"
#include "runtime/device/memory.h"
#include "runtime/ops/op.h"

namespace tenter {

using PackedPages = std::shared_ptr<const ProtectedPages>;

// `plain`, which lies as `from` says, in the order of `to`. Throws dnnl::error.
Result<PackedPages> Pack(const dnnl::engine& engine, const void* plain,
                         const dnnl::memory::desc& from, const dnnl::memory::desc& to);

// Makes the pages of one parameter; may throw dnnl::error.
using MakePages = std::function<Result<PackedPages>()>;

// Weights as a kernel has them.
struct PackedForm {
  dnnl::memory::desc order;
  PackedPages pages;
};

class PackedWeights {
 public:
  // `weights` are those parameters that may be given back. Each lies on pages of its own.
  PackedWeights(std::shared_ptr<ProtectedPages> parameters, const std::vector<Tensor>& weights);

  // What `make` makes of the parameter at `plain`, once for each order, that tells what was made;
  // the parameter is in memory then. Of what is no parameter it is made anew each time, since
  // something else may come to lie where it lay.
  Result<PackedPages> Get(const void* plain, const dnnl::memory::desc& order, const MakePages& make)
      EXCLUDES(mutex_);

  // One of which the parameter at `plain` can be made again, if it may be given back.
  std::optional<PackedForm> FormOf(const void* plain) EXCLUDES(mutex_);
  // The absolute value of its largest number, which is looked for once; a NaN is the largest.
  float LargestOf(const Tensor& plain) EXCLUDES(mutex_);

  // See PinParameter and so on (op.h).
  Result<ParameterPin> Pin(const void* plain) EXCLUDES(mutex_);
  Status PinAll() EXCLUDES(mutex_);
  void GiveBack(const void* plain) EXCLUDES(mutex_);

  size_t bytes() const { return bytes_.Load(kRelaxed); }
  size_t bytes_given_back() const { return given_back_.Load(kRelaxed); }

 private:
  struct Plain {
    const void* at = nullptr;
    size_t size_bytes = 0;  // 0 when it is never given back
    bool here = true;
    Atomic<int> pins = 0;  // a pin that goes releases what was read; GiveBack acquires
    std::optional<float> largest = {};
    std::vector<PackedForm> forms = {};
  };

  Plain& Find(const void* plain) REQUIRES(mutex_);
  static const PackedForm* SourceOf(const Plain& plain);
  Status BringBack(Plain& plain) REQUIRES(mutex_);

  const std::shared_ptr<ProtectedPages> parameters_;
  Atomic<size_t> bytes_ = 0;       // counts; orders nothing
  Atomic<size_t> given_back_ = 0;  // so does this
  Mutex mutex_;
  std::vector<std::shared_ptr<Plain>> plains_ GUARDED_BY(mutex_);
};

// The absolute value of the largest of `count` numbers; a NaN is larger than all others.
float LargestOf(const float* values, size_t count);

}  // namespace tenter
