// PackedWeights: the parameters of one model in the orders that kernels want them, each once.
//
// A fast convolution wants its weights in blocks that fit its registers. They are packed when the
// first plan needs them, and shared by all plans (COP-2): another input signature costs memory of
// that kind only where the library wants another order for it.
//
// Path: Graph::packed -> OpCall::packed -> MakeOneDnnConvolution, MakeWinograd -> Get ->
// OneDnnKernel.
//
// LOCK ORDER: PackedWeights::mutex_ is a leaf; it is held while weights are packed, so that no two
//   threads pack the same ones.
//
// Thread safety: every method from any thread. Get belongs into a section in which the process does
//   not fork (ForkHold), as all that makes kernels; nothing else takes the lock.
// Ownership and lifetime: owned by the graph; kernels share the pages. A key is the address of the
//   plain parameter, which lives as long as the graph.
// Invariants: pages are sealed before anybody else sees them.
// Errors: kResourceExhausted, and throws dnnl::error and std::bad_alloc; nothing is kept then, and
//   a later call tries again.
#pragma once

#include <dnnl.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/mutex.h"
#include "runtime/base/status.h"
#include "runtime/device/memory.h"

namespace tenter {

using PackedPages = std::shared_ptr<const ProtectedPages>;

// `plain`, which lies as `from` says, in the order of `to`. Throws dnnl::error.
Result<PackedPages> Pack(const dnnl::engine& engine, const void* plain,
                         const dnnl::memory::desc& from, const dnnl::memory::desc& to);

// Makes the pages of one parameter; may throw dnnl::error.
using MakePages = std::function<Result<PackedPages>()>;

class PackedWeights {
 public:
  // What `make` makes, once for each `plain` and order: the order tells what was made of it.
  Result<PackedPages> Get(const void* plain, const dnnl::memory::desc& order, const MakePages& make)
      EXCLUDES(mutex_);

  size_t bytes() const { return bytes_.Load(kRelaxed); }

 private:
  struct Entry {
    const void* plain;
    dnnl::memory::desc order;
    PackedPages pages;
  };

  Atomic<size_t> bytes_ = 0;  // counts; orders nothing
  Mutex mutex_;
  std::vector<Entry> entries_ GUARDED_BY(mutex_);
};

}  // namespace tenter
