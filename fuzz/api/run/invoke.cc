// Invocations of the model of a World: into buffers of the caller, and from inputs that are none.
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "fuzz/api/run/world.h"

namespace tenter::fuzz::api {
namespace {

constexpr size_t kFloats = 4, kBytes = kFloats * sizeof(float);
constexpr float kInput[kFloats] = {-1.5f, 0.0f, 2.5f, 1e30f};
constexpr float kRight[kOutputs][kFloats] = {{0.0f, 0.0f, 2.5f, 1e30f},
                                             {1.5f, -0.0f, -2.5f, -1e30f}};

tenter_tensor TensorOf(void* data) {
  return {.dtype = TENTER_FLOAT32,
          .rank = 2,
          .dims = {1, kFloats},
          .data = data,
          .size_bytes = kBytes,
          .owner = nullptr};
}

// As many as a call may be given.
constexpr size_t kInputsMost = 2;

tenter_tensor InputOf(Input from, void* data) {
  tenter_tensor input = TensorOf(data);
  if (from == Input::kLong) input.size_bytes = kBytes + 1;
  if (from == Input::kShort) input.size_bytes = kBytes - 1;
  if (from == Input::kEmpty) input.size_bytes = 0;
  if (from == Input::kNull) input.data = nullptr;
  if (from == Input::kDims) std::swap(input.dims[0], input.dims[1]);
  if (from == Input::kNegative) input.dims[0] = -1;
  if (from == Input::kHuge) input.dims[0] = std::numeric_limits<int64_t>::max();
  if (from == Input::kRank) input.rank = 3, input.dims[2] = 1;
  if (from == Input::kNoRank) input.rank = TENTER_RANK_MAX + 1;
  if (from == Input::kDtype) input.dtype = TENTER_INT32;
  if (from == Input::kNoDtype) input.dtype = TENTER_BOOL + 1;
  return input;
}

size_t CountOf(Input from) {
  if (from == Input::kFew) return 0;
  return from == Input::kMany ? kInputsMost : 1;
}

bool Same(const void* a, const void* b, size_t size) { return std::memcmp(a, b, size) == 0; }

// The tensors that are handed over, each with its buffer, and with what they were.
class Outputs {
 public:
  explicit Outputs(Into into) : into_(into) {
    std::memset(memory_, kGuard, sizeof(memory_));
    if (into == Into::kNothing) return;
    for (size_t i = into == Into::kHalf ? 1 : 0; i < kOutputs; ++i)
      given_[i] = TensorOf(memory_[i] + kBytes);
    tenter_tensor& last = given_[kOutputs - 1];
    if (into == Into::kLarge) last.size_bytes = 2 * kBytes;
    if (into == Into::kSmall) last.size_bytes = kBytes - 1;
    if (into == Into::kEmpty) last.size_bytes = 0;
    if (into == Into::kDims) last.rank = 1, last.dims[0] = 7;
    if (into == Into::kDtype) last.dtype = TENTER_INT32;
    if (into == Into::kNoDtype) last.dtype = TENTER_BOOL + 1;
    if (into == Into::kOwned) last.owner = memory_;
  }

  tenter_tensor* Give() {
    std::memcpy(tensors_, given_, sizeof(given_));
    return tensors_;
  }
  size_t count() const {
    if (into_ == Into::kFew) return kOutputs - 1;
    return into_ == Into::kMany ? kOutputs + 1 : kOutputs;
  }

  // What is wrong after a call that failed; empty: nothing.
  std::string WrongAfterFailure() const {
    if (!Same(tensors_, given_, sizeof(given_))) return "a call that failed has touched a tensor";
    if (!IsGuarded(0, sizeof(memory_))) return "a call that failed has written to a buffer";
    return "";
  }
  // The same after one that succeeded. What the runtime made is released.
  std::string WrongAfterSuccess() {
    std::string wrong;
    for (size_t i = 0; i < kOutputs; ++i) {
      if (std::string found = WrongTensor(i); !found.empty()) wrong = found;
      const tenter_tensor before = tensors_[i];
      tenter_tensor_release(&tensors_[i]);
      const bool is_caller_s = given_[i].data != nullptr;
      if (is_caller_s && !Same(&before, &tensors_[i], sizeof(before)))
        wrong = "a release has touched a tensor of the caller";
      if (!is_caller_s && (tensors_[i].data != nullptr || tensors_[i].owner != nullptr))
        wrong = "a released tensor is not cleared";
      const size_t begin = i * sizeof(memory_[0]), filled = is_caller_s ? given_[i].size_bytes : 0;
      if (!IsGuarded(begin, kBytes) ||
          !IsGuarded(begin + kBytes + filled, sizeof(memory_[0]) - kBytes - filled))
        wrong = "it has written beside its buffer";
    }
    if (!Same(&tensors_[kOutputs], &given_[kOutputs], sizeof(given_[kOutputs])))
      wrong = "a tensor behind the last is touched";
    return wrong;
  }

 private:
  static constexpr unsigned char kGuard = 0xa5;

  std::string WrongTensor(size_t i) const {
    const tenter_tensor& tensor = tensors_[i];
    const bool is_caller_s = given_[i].data != nullptr;
    if (is_caller_s && (tensor.data != given_[i].data || tensor.owner != nullptr))
      return "an output is not in the buffer that was given";
    if (tensor.size_bytes != kBytes || tensor.dtype != TENTER_FLOAT32 || tensor.rank != 2 ||
        tensor.dims[0] != 1 || tensor.dims[1] != kFloats)
      return "an output with the wrong size, type or dimensions";
    return Same(tensor.data, kRight[i], kBytes) ? "" : "the wrong output";
  }
  bool IsGuarded(size_t begin, size_t size) const {
    const unsigned char* const first = reinterpret_cast<const unsigned char*>(&memory_) + begin;
    return std::all_of(first, first + size, [](unsigned char byte) { return byte == kGuard; });
  }

  const Into into_;
  // One more than there are outputs. A buffer has as much before it, and twice as much behind it.
  tenter_tensor given_[kOutputs + 1] = {}, tensors_[kOutputs + 1] = {};
  alignas(kBytes) unsigned char memory_[kOutputs][4 * kBytes];
};

}  // namespace

tenter_code World::Invoke(const Line& line, Answer* answer, tenter_error* error) {
  float data[kFloats + 1] = {};
  std::memcpy(data, kInput, sizeof(kInput));
  const tenter_tensor inputs[kInputsMost] = {InputOf(line.from, data), TensorOf(data)};
  Outputs outputs(line.into);
  const tenter_code code =
      tenter_cached_op_invoke(ContextOf(line), As<tenter_cached_op>(answer->given[0]), inputs,
                              CountOf(line.from), outputs.Give(), outputs.count(), error);
  std::string wrong;
  if (code != TENTER_OK)
    wrong = outputs.WrongAfterFailure();
  else if (Takes(line.into) && Takes(line.from))  // otherwise its code is wrong
    wrong = outputs.WrongAfterSuccess();
  if (!wrong.empty()) answer->wrong = wrong;
  return code;
}

}  // namespace tenter::fuzz::api
