#include "runtime/ops/onednn/packed_weights.h"

#include "runtime/base/tsan.h"
#include "runtime/ops/onednn/attr.h"
#include "runtime/ops/op.h"

namespace tenter {

Result<PackedPages> Pack(const dnnl::engine& engine, const void* plain,
                         const dnnl::memory::desc& from, const dnnl::memory::desc& to) {
  TENTER_ASSIGN_OR_RETURN(const auto pages, ProtectedPages::Allocate(to.get_size()));
  TsanReadRange(plain, from.get_size());
  TsanWriteRange(pages->data(), to.get_size());
  const dnnl::reorder::primitive_desc description(engine, from, engine, to, UserScratchpad());
  const dnnl::memory::desc scratch_order = description.scratchpad_desc();
  TENTER_ASSIGN_OR_RETURN(const auto scratch, HostBlock::Allocate(scratch_order.get_size()));
  dnnl::stream stream(engine);
  dnnl::reorder(description)
      .execute(stream,
               {{DNNL_ARG_FROM, dnnl::memory(from, engine, const_cast<void*>(plain))},
                {DNNL_ARG_TO, dnnl::memory(to, engine, pages->data())},
                {DNNL_ARG_SCRATCHPAD, dnnl::memory(scratch_order, engine, scratch->data())}});
  stream.wait();
  TENTER_RETURN_IF_ERROR(pages->Seal());
  return PackedPages(pages);
}

Result<PackedPages> PackedWeights::Get(const void* plain, const dnnl::memory::desc& order,
                                       const MakePages& make) {
  MutexLock lock(mutex_);
  for (const Entry& entry : entries_)
    if (entry.plain == plain && entry.order == order) return entry.pages;
  TENTER_ASSIGN_OR_RETURN(PackedPages pages, make());
  entries_.push_back({plain, order, pages});
  bytes_.FetchAdd(pages->size_bytes(), kRelaxed);
  return pages;
}

std::shared_ptr<PackedWeights> MakePackedWeights() { return std::make_shared<PackedWeights>(); }
size_t PackedBytes(const PackedWeights& packed) { return packed.bytes(); }

}  // namespace tenter
