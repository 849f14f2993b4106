// OpType, Kernel: the op table. One row per op type says how to infer its outputs and how to make a
// kernel for one concrete call. Graph floors look ops up here, and know by name only those that
// they rewrite or fold.
//
// Thread safety: the table is constant; every function may be called from any thread. Kernel::Run
//   is const and may run concurrently on one kernel, with distinct outputs, scratch and state.
// Ownership and lifetime: a Kernel owns what it needs; it keeps nothing of the OpCall that made it.
// Invariants: (1) a kernel writes exactly its outputs, its scratch and its state, and reads its
//   inputs and packed weights alone.
//   (2) The same inputs give the same bits, on any thread: reference kernels sum in a documented
//   order, oneDNN runs one thread. (3) Kernels allocate nothing that grows from run to run.
// Errors: kUnsupported names op, attribute, type or opset; kInvalidArgument names op, node and
//   shapes. Run throws StatusError.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/device/memory.h"
#include "runtime/ops/attributes.h"
#include "runtime/ops/layout.h"
#include "runtime/tensor/tensor.h"

namespace tenter {

class PackedWeights;  // onednn/packed_weights.h
class Team;           // runtime/device/team.h

// What takes so many products of two numbers is worth another thread: handing a part over and
// waiting for it takes about a microsecond, in which a core does about as many as 30,000.
inline constexpr int64_t kGrain = 300'000;

// Into how many parts a kernel is cut for threads that compute it together, and what stays whole.
struct Cut {
  int threads = 1;
  int64_t grain = kGrain;
};

// One node, with everything that is known about it when it is compiled.
struct OpCall {
  std::string_view node;
  std::string_view op_type;
  const Attributes& attributes;
  int opset = 0;
  std::vector<TensorSpec> inputs;        // an absent optional input has a default spec here
  std::vector<const Tensor*> constants;  // per input, nullptr unless its value is known
  std::vector<bool> present;             // per input, false for an absent optional input
  int output_count = 1;
  // With kChannelsLast input 0, the output and what the epilogue reads are images [N,H,W,C], and
  // all else is as ONNX has it. Only kernels are asked for that, those of Conv, the poolings and
  // BatchNormalization; inference never is.
  Layout layout = Layout::kChannelsFirst;
  // Where kernels keep parameters in an order of their own; null when they have to own them. While
  // a kernel is made, a parameter that a Conv has as weights may not be in memory: who reads it
  // does that in what he hands to Get, or holds a pin (PinParameter).
  PackedWeights* packed = nullptr;
  // Where a convolution may be made of fewer products, which rounds otherwise.
  bool winograd = true;
  // How it may be cut (parts/call_parts.h), and of how many parts it is one itself.
  Cut cut = {};
  int part_of = 1;
  // What it reads as the model has it, "(float32[1,3,8,8], -)"; `inputs` may tell how it lies.
  std::string_view shapes = {};
  // Element-wise ops that the kernel applies to what it computes before it writes it, in order. It
  // reads the inputs of the call, and then those of each such op but for the one that is carried.
  std::vector<OpCall> epilogue = {};
  size_t carried = 0;  // in an epilogue: the input that is what the op before computes

  // Input 0 as ONNX has it: [N,C,H,W] where `layout` matters.
  Shape image() const {
    return layout == Layout::kChannelsLast ? ToChannelsFirst(inputs[0].shape) : inputs[0].shape;
  }
  bool has_input(size_t i) const { return i < present.size() && present[i]; }
  const Tensor* constant(size_t i) const { return has_input(i) ? constants[i] : nullptr; }
};

// What one execution of a plan keeps of a kernel from run to run: handles of the library that would
// else be made for each. It belongs to one run at a time, of the kernel that made it, and may be
// destroyed after that kernel.
class KernelState {
 public:
  virtual ~KernelState() = default;
};

// What a run gets besides its tensors.
struct RunContext {
  std::byte* scratch = nullptr;  // scratch_bytes() of it, aligned to kMemoryAlignment
  KernelState* state = nullptr;  // of this kernel; null: the run makes one of its own
  Team* team = nullptr;          // helps with the parts of a kernel; null: the caller does them all
};

class Kernel {
 public:
  virtual ~Kernel() = default;

  // Bytes of scratch memory that Run needs; the caller may reuse them afterwards.
  virtual size_t scratch_bytes() const { return 0; }

  // "reference", a name of our own such as "scale and shift", or what oneDNN calls its
  // implementation, such as "x64:gemm:jit".
  virtual std::string_view implementation() const = 0;

  // Null where nothing is kept. Throws StatusError and std::bad_alloc.
  virtual std::unique_ptr<KernelState> MakeState() const { return nullptr; }

  // False when Run does not read this input, of which the kernel has all that it needs: it may then
  // not be in memory.
  virtual bool Reads([[maybe_unused]] size_t input) const { return true; }

  // Computes the outputs. One tensor per input of the node and of its epilogue, undefined where an
  // optional input is absent; outputs are allocated by the caller and overlap nothing. Throws
  // StatusError on failure.
  virtual void Run(std::span<const Tensor> inputs, std::span<Tensor> outputs,
                   const RunContext& context) const = 0;
};

using InferFunction = Result<std::vector<TensorSpec>> (*)(const OpCall&);
using MakeFunction = Result<std::unique_ptr<Kernel>> (*)(const OpCall&);

// An attribute that an op implements; `values` lists the only values allowed, separated by '|', or
// is empty when any will do.
struct AttributeRule {
  std::string_view name;
  std::string_view values = "";
};

struct OpType {
  std::string_view name;
  int opset_min;
  int opset_max;
  int inputs_min;
  int inputs_max;
  int outputs_max;
  std::span<const AttributeRule> attributes;
  InferFunction infer;
  MakeFunction make_reference;
  // A kernel of oneDNN, or a fast one of our own. Where it is null, or answers kUnsupported, the
  // reference kernel serves.
  MakeFunction make_fast;
};

// The range of opsets that any op of the table implements.
inline constexpr int kOpsetMin = 7;
inline constexpr int kOpsetMax = 17;

// Where an error happened, in front of what it says: "Conv (node 'c1') of float32[1,3,8,8],
// float32[4,3,3,3]: ".
std::string PlaceOf(const OpCall& call);

// The row of this op type, or nullptr.
const OpType* FindOp(std::string_view op_type);
// Every op type of the table, sorted.
std::vector<std::string_view> SupportedOps();

// What this project does not implement of one node, one phrase each: "op LSTM", "attribute
// mode=reflect of Pad".
std::vector<std::string> UnsupportedParts(std::string_view op_type, const Attributes& attributes,
                                          int opset, int input_count, int output_count);

// The specs of the outputs, concrete and of checked size. REQUIRES: the specs of the inputs are
// concrete.
Result<std::vector<TensorSpec>> InferOp(const OpCall& call);

enum class KernelChoice { kReference, kOneDnn };

// A kernel for this call. With kOneDnn the reference kernel serves where oneDNN has none.
// REQUIRES: `outputs` are what InferOp answered to this call, as they lie in its layout, and so are
// those of its epilogue. A kernel relies on the checks that InferOp makes and does not repeat them;
// asking for its answer shows that they were made.
Result<std::unique_ptr<Kernel>> MakeKernel(const OpCall& call, std::span<const TensorSpec> outputs,
                                           KernelChoice choice);

// True for ops whose kernels may have an epilogue.
bool TakesEpilogue(const OpCall& call);
// True when `op` may stand behind `head` and its epilogue, whose last axis is that of the channels,
// and is worth it.
bool CanFollow(const OpCall& head, const OpCall& op);

// Empty, for the model that has these parameters; of `weights`, which have pages of their own, some
// may not be in memory (onednn/packed_weights.h). Declared here because its header needs that of
// oneDNN.
std::shared_ptr<PackedWeights> MakePackedWeights(std::shared_ptr<ProtectedPages> parameters,
                                                 const std::vector<Tensor>& weights);
// What is packed by now, and what of the parameters is not in memory.
size_t PackedBytes(const PackedWeights& packed);
size_t GivenBackBytes(const PackedWeights& packed);

// While it lives the parameter is in memory. It may go at any time, without a lock.
using ParameterPin = std::shared_ptr<void>;
// Null for what is always in memory. REQUIRES, for all of these: the process does not fork.
Result<ParameterPin> PinParameter(PackedWeights& packed, const void* plain);
// All of them, for good.
Status PinParameters(PackedWeights& packed);
// Says that a kernel was made that does not read it: its pages go if it is packed and not pinned.
void GiveBackParameter(PackedWeights& packed, const void* plain);

// While it lives, OpenMP has one thread for the calling one, as kernels of oneDNN want it (they
// ask for that themselves, and leave it so), and then as many as before.
class OneOmpThread {
 public:
  OneOmpThread();
  ~OneOmpThread();
  OneOmpThread(const OneOmpThread&) = delete;
  OneOmpThread& operator=(const OneOmpThread&) = delete;

 private:
  const int before_;
};

// Uses oneDNN for the first time in this process, unless that was done, which takes some
// milliseconds. The first MakeKernel that wants oneDNN does it otherwise. From any thread, and free
// when called again.
Status WarmUpOneDnn();

}  // namespace tenter
