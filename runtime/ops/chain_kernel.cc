#include "runtime/ops/chain_kernel.h"

#include <algorithm>
#include <utility>

#include "runtime/device/memory.h"

namespace tenter {
namespace {

std::string NamesOf(const std::vector<ChainKernel::Link>& links) {
  std::string names;
  for (const ChainKernel::Link& link : links)
    names += (names.empty() ? "" : ", ") + std::string(link.kernel->implementation());
  return names;
}

}  // namespace

struct ChainKernel::State final : KernelState {
  std::vector<std::unique_ptr<KernelState>> of_links;
};

ChainKernel::ChainKernel(std::vector<Link> links, TensorSpec output)
    : links_(std::move(links)), output_(std::move(output)), implementation_(NamesOf(links_)) {}

// Two values at most are alive at once, beside what the links need.
size_t ChainKernel::scratch_bytes() const {
  size_t most = 0;
  for (const Link& link : links_) most = std::max(most, link.kernel->scratch_bytes());
  return 2 * AlignUp(output_.size_bytes()) + most;
}

std::unique_ptr<KernelState> ChainKernel::MakeState() const {
  auto state = std::make_unique<State>();
  for (const Link& link : links_) state->of_links.push_back(link.kernel->MakeState());
  return state;
}

// Only of the first link it matters: what the others read is small.
bool ChainKernel::Reads(size_t input) const {
  return input >= links_[0].inputs || links_[0].kernel->Reads(input);
}

void ChainKernel::Run(Inputs inputs, Outputs outputs, const RunContext& context) const {
  auto* const state = static_cast<State*>(context.state);
  const size_t bytes = AlignUp(output_.size_bytes());
  std::byte* const rest = context.scratch + 2 * bytes;
  Tensor carried;
  for (size_t i = 0; i < links_.size(); ++i) {
    const Link& link = links_[i];
    const size_t taken = link.inputs - (i == 0 ? 0 : 1);
    std::vector<Tensor> mine(inputs.begin(), inputs.begin() + static_cast<int64_t>(taken));
    inputs = inputs.subspan(taken);
    if (i > 0) mine.insert(mine.begin() + static_cast<int64_t>(link.carried), carried);
    Tensor out = i + 1 == links_.size() ? outputs[0]
                                        : Tensor::Borrow(output_, context.scratch + i % 2 * bytes);
    link.kernel->Run(mine, {&out, 1},
                     {.scratch = rest, .state = state ? state->of_links[i].get() : nullptr});
    carried = std::move(out);
  }
}

MadeKernel MakeChain(const OpCall& call, const TensorSpec& output, KernelChoice choice) {
  std::vector<ChainKernel::Link> links;
  OpCall first = call;
  first.epilogue.clear();
  TENTER_ASSIGN_OR_RETURN(auto kernel, MakeKernel(first, {&output, 1}, choice));
  links.push_back({std::move(kernel), call.inputs.size(), 0});
  for (const OpCall& op : call.epilogue) {
    TENTER_ASSIGN_OR_RETURN(kernel, MakeKernel(op, {&output, 1}, choice));
    links.push_back({std::move(kernel), op.inputs.size(), op.carried});
  }
  return std::unique_ptr<Kernel>(std::make_unique<ChainKernel>(std::move(links), output));
}

}  // namespace tenter
