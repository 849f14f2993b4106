#include "runtime/ops/parts/parted_kernel.h"

#include <algorithm>
#include <utility>

#include "runtime/base/thrown.h"
#include "runtime/device/memory.h"
#include "runtime/device/team.h"

namespace tenter {
namespace {

size_t LargestScratch(const std::vector<PartedKernel::Part>& parts) {
  size_t most = 0;
  for (const PartedKernel::Part& part : parts)
    most = std::max(most, AlignUp(part.kernel->scratch_bytes()));
  return most;
}

std::byte* At(const Tensor& tensor, const Piece& piece) {
  return static_cast<std::byte*>(const_cast<void*>(tensor.raw())) + piece.offset;
}

}  // namespace

// Per part: the tensors that it reads and writes, which each run points to what it got, and how it
// ended.
struct PartedKernel::State final : KernelState {
  struct OfPart {
    std::vector<Tensor> inputs;
    Tensor output;
    std::unique_ptr<KernelState> state;
    Thrown thrown;
  };
  std::vector<OfPart> parts;
};

// What the threads of one run share.
struct PartedKernel::OneRun {
  const PartedKernel& kernel;
  const RunContext& context;
  State* state;
};

PartedKernel::PartedKernel(std::vector<Part> parts)
    : parts_(std::move(parts)),
      scratch_bytes_of_part_(LargestScratch(parts_)),
      implementation_(std::to_string(parts_.size()) + " x " +
                      std::string(parts_[0].kernel->implementation())) {}

std::unique_ptr<KernelState> PartedKernel::MakeState() const {
  auto state = std::make_unique<State>();
  for (const Part& part : parts_)
    state->parts.push_back(
        {std::vector<Tensor>(part.inputs.size()), Tensor(), part.kernel->MakeState(), Thrown()});
  return state;
}

bool PartedKernel::Reads(size_t input) const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [&](const Part& part) { return part.kernel->Reads(input); });
}

void PartedKernel::Run(Inputs inputs, Outputs outputs, const RunContext& context) const {
  const std::unique_ptr<KernelState> own = context.state == nullptr ? MakeState() : nullptr;
  auto* const state = static_cast<State*>(own == nullptr ? context.state : own.get());
  const auto point = [](const Tensor& whole, const Piece& piece, Tensor* tensor) {
    if (tensor->defined())
      tensor->PointTo(At(whole, piece));
    else
      *tensor = Tensor::Borrow(piece.spec, At(whole, piece));
  };
  for (size_t i = 0; i < parts_.size(); ++i) {
    State::OfPart& mine = state->parts[i];
    for (size_t k = 0; k < inputs.size(); ++k)
      if (inputs[k].defined()) point(inputs[k], parts_[i].inputs[k], &mine.inputs[k]);
    point(outputs[0], parts_[i].output, &mine.output);
    mine.thrown = Thrown();
  }
  OneRun run{*this, context, state};
  if (context.team != nullptr) {
    context.team->Run(parts_.size(), &RunPart, &run);
  } else {
    for (size_t i = 0; i < parts_.size(); ++i) RunPart(&run, i);
  }
  for (const State::OfPart& part : state->parts)
    if (!part.thrown.empty()) part.thrown.Rethrow();
}

void PartedKernel::RunPart(void* of, size_t index) noexcept {
  const auto& run = *static_cast<const OneRun*>(of);
  State::OfPart& mine = run.state->parts[index];
  std::byte* const scratch = run.context.scratch;
  const size_t offset = index * run.kernel.scratch_bytes_of_part_;
  try {
    run.kernel.parts_[index].kernel->Run(
        mine.inputs, {&mine.output, 1},
        {.scratch = scratch == nullptr ? nullptr : scratch + offset, .state = mine.state.get()});
  } catch (...) {
    mine.thrown = Thrown::Current();
  }
}

MadeKernel MakeParted(const OpCall& call, const TensorSpec& output) {
  std::vector<PartedKernel::Part> parts;
  for (const CallPart& part : CutCall(call, output)) {
    auto kernel = MakeKernel(part.call(), {&part.output().spec, 1}, KernelChoice::kOneDnn);
    if (!kernel.ok() && kernel.status().code() != StatusCode::kResourceExhausted)
      return std::unique_ptr<Kernel>();  // what is refused in part may be possible as a whole
    if (!kernel.ok()) return kernel;
    parts.push_back({std::move(kernel).value(), part.Pieces(), part.output()});
  }
  if (parts.empty()) return std::unique_ptr<Kernel>();
  return std::unique_ptr<Kernel>(std::make_unique<PartedKernel>(std::move(parts)));
}

}  // namespace tenter
