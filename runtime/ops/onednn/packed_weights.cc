#include "runtime/ops/onednn/packed_weights.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

#include "runtime/base/tsan.h"
#include "runtime/ops/onednn/attr.h"
#include "runtime/ops/onednn/unpack.h"

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

PackedWeights::PackedWeights(std::shared_ptr<ProtectedPages> parameters,
                             const std::vector<Tensor>& weights)
    : parameters_(std::move(parameters)) {
  for (const Tensor& one : weights) {
    plains_.push_back(std::make_shared<Plain>());
    plains_.back()->at = one.raw();
    plains_.back()->size_bytes = one.size_bytes();
  }
}

PackedWeights::Plain& PackedWeights::Find(const void* plain) {
  for (const std::shared_ptr<Plain>& known : plains_)
    if (known->at == plain) return *known;
  plains_.push_back(std::make_shared<Plain>());
  plains_.back()->at = plain;
  return *plains_.back();
}

Result<PackedPages> PackedWeights::Get(const void* plain, const dnnl::memory::desc& order,
                                       const MakePages& make) {
  if (!parameters_->Contains(plain)) return make();
  MutexLock lock(mutex_);
  Plain& known = Find(plain);
  for (const PackedForm& form : known.forms)
    if (form.order == order) return form.pages;
  TENTER_RETURN_IF_ERROR(BringBack(known));
  TENTER_ASSIGN_OR_RETURN(PackedPages pages, make());
  known.forms.push_back({order, pages});
  bytes_.FetchAdd(pages->size_bytes(), kRelaxed);
  return pages;
}

const PackedForm* PackedWeights::SourceOf(const Plain& plain) {
  if (plain.size_bytes == 0) return nullptr;
  for (const PackedForm& form : plain.forms)
    if (CanUnpack(form.order, plain.size_bytes / sizeof(float))) return &form;
  return nullptr;
}

std::optional<PackedForm> PackedWeights::FormOf(const void* plain) {
  if (!parameters_->Contains(plain)) return {};
  MutexLock lock(mutex_);
  const PackedForm* const form = SourceOf(Find(plain));
  return form == nullptr ? std::nullopt : std::optional(*form);
}

float PackedWeights::LargestOf(const Tensor& plain) {
  const size_t count = plain.size_bytes() / sizeof(float);
  if (!parameters_->Contains(plain.raw())) return tenter::LargestOf(plain.data<float>(), count);
  MutexLock lock(mutex_);
  Plain& known = Find(plain.raw());
  if (known.largest) return *known.largest;
  // Packed ones are the same numbers, and zeros.
  const PackedForm* const form = known.here ? nullptr : SourceOf(known);
  known.largest = form == nullptr
                      ? tenter::LargestOf(plain.data<float>(), count)
                      : tenter::LargestOf(reinterpret_cast<const float*>(form->pages->data()),
                                          form->pages->size_bytes() / sizeof(float));
  return *known.largest;
}

Result<ParameterPin> PackedWeights::Pin(const void* plain) {
  MutexLock lock(mutex_);
  for (const std::shared_ptr<Plain>& known : plains_) {
    if (known->at != plain || known->size_bytes == 0) continue;
    TENTER_RETURN_IF_ERROR(BringBack(*known));
    known->pins.FetchAdd(1, kRelaxed);
    return ParameterPin(known.get(),
                        [held = known](Plain* one) { one->pins.FetchSub(1, kRelease); });
  }
  return ParameterPin();
}

Status PackedWeights::PinAll() {
  MutexLock lock(mutex_);
  for (const std::shared_ptr<Plain>& known : plains_) {
    TENTER_RETURN_IF_ERROR(BringBack(*known));
    known->size_bytes = 0;
  }
  return {};
}

void PackedWeights::GiveBack(const void* plain) {
  if (!parameters_->Contains(plain)) return;
  MutexLock lock(mutex_);
  Plain& known = Find(plain);
  if (!known.here || known.pins.Load(kAcquire) > 0 || SourceOf(known) == nullptr) return;
  if (!parameters_->GiveBack(plain, known.size_bytes)) return;
  known.here = false;
  given_back_.FetchAdd(known.size_bytes, kRelaxed);
}

Status PackedWeights::BringBack(Plain& plain) {
  if (plain.here) return {};
  const PackedForm& form = *SourceOf(plain);
  TENTER_RETURN_IF_ERROR(parameters_->BringBack(plain.at, plain.size_bytes, [&](std::byte* to) {
    Unpack(form.order, form.pages->data(), to);
  }));
  plain.here = true;
  given_back_.FetchSub(plain.size_bytes, kRelaxed);
  return {};
}

// By the bits, so that it goes as fast as memory: without their signs they are in the order of the
// values.
float LargestOf(const float* values, size_t count) {
  int32_t largest = 0;
  for (size_t i = 0; i < count; ++i)
    largest = std::max(largest, std::bit_cast<int32_t>(values[i]) & 0x7fffffff);
  return std::bit_cast<float>(largest);
}

std::shared_ptr<PackedWeights> MakePackedWeights(std::shared_ptr<ProtectedPages> parameters,
                                                 const std::vector<Tensor>& weights) {
  return std::make_shared<PackedWeights>(std::move(parameters), weights);
}
size_t PackedBytes(const PackedWeights& packed) { return packed.bytes(); }
size_t GivenBackBytes(const PackedWeights& packed) { return packed.bytes_given_back(); }
Result<ParameterPin> PinParameter(PackedWeights& packed, const void* plain) {
  return packed.Pin(plain);
}
Status PinParameters(PackedWeights& packed) { return packed.PinAll(); }
void GiveBackParameter(PackedWeights& packed, const void* plain) { packed.GiveBack(plain); }

}  // namespace tenter
