#include "runtime/ops/turned_kernel.h"

#include <utility>

#include "runtime/device/memory.h"
#include "runtime/ops/strided_copy.h"

namespace tenter {

TurnedKernel::TurnedKernel(std::unique_ptr<Kernel> kernel, TensorSpec input, TensorSpec output)
    : kernel_(std::move(kernel)),
      implementation_("turned " + std::string(kernel_->implementation())),
      input_(std::move(input)),
      output_(std::move(output)) {}

size_t TurnedKernel::scratch_bytes() const {
  return AlignUp(input_.size_bytes()) + AlignUp(output_.size_bytes()) + kernel_->scratch_bytes();
}

void TurnedKernel::Run(Inputs inputs, Outputs outputs, const RunContext& context) const {
  std::byte* const image = context.scratch;
  std::byte* const answer = image + AlignUp(input_.size_bytes());
  std::byte* const rest = answer + AlignUp(output_.size_bytes());
  // Strides of the axes in the order in which they are wanted.
  const std::vector<int64_t> last = ToChannelsLast(input_.shape).Strides();
  CopyStrided(inputs[0].raw(), image, sizeof(float), input_.shape.dims(),
              {last[0], last[3], last[1], last[2]}, 0);
  std::vector<Tensor> turned(inputs.begin(), inputs.end());
  turned[0] = Tensor::Borrow(input_, image);
  Tensor turned_answer = Tensor::Borrow(output_, answer);
  kernel_->Run(turned, {&turned_answer, 1}, {.scratch = rest, .state = context.state});
  const std::vector<int64_t> first = output_.shape.Strides();
  CopyStrided(answer, outputs[0].mutable_raw(), sizeof(float), ToChannelsLast(output_.shape).dims(),
              {first[0], first[2], first[3], first[1]}, 0);
}

}  // namespace tenter
