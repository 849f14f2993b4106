#include "harness/workloads/inference/model_inputs.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <set>
#include <sstream>

#include "harness/faults/nearest.h"
#include "harness/workloads/handles.h"
#include "harness/workloads/inference/float_difference.h"
#include "runtime/base/rng.h"

namespace tenter {
namespace {

// What an open dimension becomes when nobody says: one sample, and images large enough for any
// pooling.
constexpr int64_t kBatchByDefault = 1;
constexpr int64_t kSideByDefault = 64;

Status BadShape(const std::string& text) {
  return {StatusCode::kInvalidArgument,
          "input_shape: expected numbers such as 1,3,48,192 (or name=1,3,48,192;...), found '" +
              text + "'"};
}

// Every name in `text` must be an input of the model.
Status CheckShapeNames(const std::string& text, const std::vector<std::string>& names) {
  if (text.find('=') == std::string::npos) return {};
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ';');) {
    const std::string name = part.substr(0, part.find('='));
    if (std::find(names.begin(), names.end(), name) == names.end())
      return {StatusCode::kInvalidArgument,
              "input_shape: the model has no input '" + name + "'" + DidYouMean(name, names)};
  }
  return {};
}

// The part of `text` that concerns the input called `name`.
std::string ShapeTextOf(const std::string& text, const std::string& name) {
  if (text.find('=') == std::string::npos) return text;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ';');)
    if (part.starts_with(name + "=")) return part.substr(name.size() + 1);
  return "";
}

Status ApplyShape(const std::string& text, tgt_tensor* tensor) {
  if (text.empty()) return {};
  std::istringstream parts(text);
  int axis = 0;
  for (std::string part; std::getline(parts, part, ','); ++axis) {
    int64_t dim = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), dim);
    if (error != std::errc() || end != part.data() + part.size() || dim < 1 || axis >= TGT_RANK_MAX)
      return BadShape(text);
    tensor->dims[axis] = dim;
  }
  tensor->rank = axis;
  return {};
}

size_t ElementBytes(tgt_dtype dtype) {
  switch (dtype) {
    case TGT_FLOAT64:
    case TGT_INT64:
      return 8;
    case TGT_FLOAT32:
    case TGT_INT32:
      return 4;
    default:
      return 1;
  }
}

size_t Elements(const tgt_tensor& tensor) {
  size_t count = 1;
  for (int i = 0; i < tensor.rank; ++i) count *= static_cast<size_t>(tensor.dims[i]);
  return count;
}

// kInvalidArgument when the process cannot hold so many inputs like this one: the plan asks for
// what the machine does not have, and the target is not to blame.
Status CheckFits(const tgt_tensor& tensor, size_t samples) {
  const double most =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  double bytes = static_cast<double>(ElementBytes(tensor.dtype)) * static_cast<double>(samples);
  std::string shape;
  for (int i = 0; i < tensor.rank; ++i) {
    bytes *= static_cast<double>(tensor.dims[i]);
    shape += (i == 0 ? "" : "x") + std::to_string(tensor.dims[i]);
  }
  if (bytes < most) return {};
  char text[160];
  std::snprintf(text, sizeof(text), " need %.3g GB, and this machine has %.3g GB", bytes / 1e9,
                most / 1e9);
  return {StatusCode::kInvalidArgument,
          "input_shape: " + std::to_string(samples) + " inputs of " + shape + text};
}

// Seeded values: floats in [-1, 1), integers small, so that they are valid indices and lengths
// more often.
void Fill(tgt_dtype dtype, size_t count, uint64_t seed, char* bytes) {
  Rng rng(seed);
  for (size_t i = 0; i < count; ++i) {
    const double unit = rng.Unit();
    const auto put = [&](auto value) {
      std::memcpy(bytes + i * sizeof(value), &value, sizeof(value));
    };
    switch (dtype) {
      case TGT_FLOAT32:
        put(static_cast<float>(unit * 2 - 1));
        break;
      case TGT_FLOAT64:
        put(unit * 2 - 1);
        break;
      case TGT_INT32:
        put(static_cast<int32_t>(unit * 8));
        break;
      case TGT_INT64:
        put(static_cast<int64_t>(unit * 8));
        break;
      default:
        put(static_cast<uint8_t>(unit * 2));
        break;
    }
  }
}

bool SameForm(const tgt_tensor& a, const tgt_tensor& b) {
  return a.dtype == b.dtype && a.rank == b.rank &&
         std::equal(a.dims, a.dims + std::clamp(a.rank, 0, TGT_RANK_MAX), b.dims);
}

std::string Form(const tgt_tensor& tensor) {
  std::string text = "of type " + std::to_string(tensor.dtype) + " and shape [";
  for (int i = 0; i < std::min(tensor.rank, TGT_RANK_MAX); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(tensor.dims[i]);
  return text + "]";
}

void ReportRefusedOnce(CheckBoard& board, const tgt_error& error) {
  board.Report({.check = &kErrorExactness,
                .contract = "COP-5",
                .what = "refused alone, and then answered",
                .title = "a call of one thread, alone, failed, and the same call was answered next",
                .detail = ErrorText(error)});
}

}  // namespace

Result<std::vector<tgt_tensor>> ModelInputs::Describe(const TargetInstance& target,
                                                      tgt_handle model,
                                                      const ModelInputsOptions& options) {
  tgt_error error = {};
  size_t inputs = 0, outputs = 0;
  TENTER_RETURN_IF_ERROR(SetUp(
      target.table().model_arity(target.self(), model, &inputs, &outputs, &error), error, "model"));
  std::vector<tgt_tensor> descriptions(inputs);
  std::vector<std::string> names;
  for (size_t i = 0; i < inputs; ++i) {
    char name[256] = "";
    TENTER_RETURN_IF_ERROR(
        SetUp(target.table().model_input(target.self(), model, i, &descriptions[i], name,
                                         sizeof(name), &error),
              error, "model"));
    TENTER_RETURN_IF_ERROR(ApplyShape(ShapeTextOf(options.input_shape, name), &descriptions[i]));
    names.emplace_back(name);
  }
  TENTER_RETURN_IF_ERROR(CheckShapeNames(options.input_shape, names));
  return descriptions;
}

Result<ModelInputs> ModelInputs::Make(const Stage& stage, tgt_handle model,
                                      const ModelInputsOptions& options) {
  ModelInputs result;
  const TargetInstance& target = stage.target;
  // The model's own description says which axes are open; the shape that the user gave fixes
  // their base.
  ModelInputsOptions own = options;
  own.input_shape.clear();
  TENTER_ASSIGN_OR_RETURN(const auto open, Describe(target, model, own));
  TENTER_ASSIGN_OR_RETURN(const auto descriptions, Describe(target, model, options));
  for (size_t s = 0; s < options.samples; ++s) {
    Sample sample;
    const int64_t variant = static_cast<int64_t>(s) % options.shape_variants;
    for (size_t i = 0; i < descriptions.size(); ++i) {
      tgt_tensor tensor = descriptions[i];
      bool varied = false;
      for (int axis = 0; axis < tensor.rank; ++axis) {
        if (tensor.dims[axis] < 0) tensor.dims[axis] = axis == 0 ? kBatchByDefault : kSideByDefault;
        if (!varied && axis < open[i].rank && open[i].dims[axis] < 0) {
          tensor.dims[axis] += variant;
          varied = true;
        }
      }
      TENTER_RETURN_IF_ERROR(CheckFits(tensor, options.samples));
      tensor.size_bytes = Elements(tensor) * ElementBytes(tensor.dtype);
      sample.storage.emplace_back(tensor.size_bytes);
      Fill(tensor.dtype, Elements(tensor), CombineHash(CombineHash(options.seed, s), i),
           sample.storage.back().data());
      sample.inputs.push_back(tensor);
    }
    for (size_t i = 0; i < sample.inputs.size(); ++i)
      sample.inputs[i].data = sample.storage[i].data();
    sample.pristine = sample.storage;
    result.samples_.push_back(std::move(sample));
  }
  TENTER_RETURN_IF_ERROR(result.Answer(stage, model, options));
  return result;
}

Status ModelInputs::Answer(const Stage& stage, tgt_handle model, const ModelInputsOptions& like) {
  const TargetInstance& target = stage.target;
  Handle engine(stage, kEngineHandle), op(stage, kOpHandle);
  tgt_error error = {};
  if (target.table().groups & TGT_ENGINE) {
    const tgt_engine_options naive{0, 0};
    TENTER_RETURN_IF_ERROR(
        SetUp(target.table().engine_create(target.self(), &naive, engine.out(), &error), error,
              "reference engine"));
  }
  tgt_cached_op_options options = {};
  options.reference_kernels = like.reference_kernels ? 1 : 0;
  options.intra_op = like.intra_op;
  options.grain = like.grain;
  TENTER_RETURN_IF_ERROR(SetUp(target.table().cached_op_create(target.self(), engine.get(), model,
                                                               &options, op.out(), &error),
                               error, "reference op"));
  size_t inputs = 0;
  TENTER_RETURN_IF_ERROR(
      SetUp(target.table().model_arity(target.self(), model, &inputs, &output_count_, &error),
            error, "model"));
  for (Sample& sample : samples_) {
    std::vector<tgt_tensor> outputs(output_count_);
    const auto call = [&](tgt_error* told) {
      return target.table().invoke(target.self(), op.get(), sample.inputs.data(),
                                   sample.inputs.size(), outputs.data(), outputs.size(), told);
    };
    const tgt_code code = call(&error);
    // A model may be unable to take what was drawn for it. It is then every time.
    tgt_error again = {};
    if (code == TGT_OK || call(&again) != TGT_OK)
      TENTER_RETURN_IF_ERROR(SetUp(code, error, "reference run of one thread"));
    else
      ReportRefusedOnce(stage.board, error);
    for (tgt_tensor& output : outputs) {
      const char* data = static_cast<const char*>(output.data);
      sample.expected.emplace_back(data, data + output.size_bytes);
      sample.answers.push_back(output);
      sample.answers.back().data = sample.answers.back().owner = nullptr;
      target.table().tensor_release(target.self(), &output);
    }
  }
  return {};
}

std::vector<tgt_tensor> ModelInputs::Misshaped(size_t i) const {
  std::vector<tgt_tensor> inputs = samples_[i].inputs;
  // One axis less: no model accepts another rank, and the memory is large enough.
  if (inputs[0].rank > 1)
    --inputs[0].rank;
  else
    inputs[0].dims[inputs[0].rank++] = 1;
  return inputs;
}

bool ModelInputs::IsAnswer(const std::vector<tgt_tensor>& outputs, size_t i) const {
  const auto& expected = samples_[i].expected;
  for (size_t o = 0; o < outputs.size(); ++o)
    if (!SameForm(outputs[o], samples_[i].answers[o]) ||
        outputs[o].size_bytes != expected[o].size() ||
        std::memcmp(outputs[o].data, expected[o].data(), expected[o].size()) != 0)
      return false;
  return true;
}

int64_t ModelInputs::WhoseAnswer(const std::vector<tgt_tensor>& outputs, size_t wanted) const {
  if (IsAnswer(outputs, wanted)) return static_cast<int64_t>(wanted);
  for (size_t i = 0; i < samples_.size(); ++i)
    if (IsAnswer(outputs, i)) return static_cast<int64_t>(i);
  return -1;
}

std::string ModelInputs::FirstDifference(const std::vector<tgt_tensor>& outputs, size_t i) const {
  for (size_t o = 0; o < outputs.size(); ++o) {
    const auto& expected = samples_[i].expected[o];
    const std::string where = "output " + std::to_string(o);
    if (!SameForm(outputs[o], samples_[i].answers[o]))
      return where + " is " + Form(outputs[o]) + ", expected " + Form(samples_[i].answers[o]);
    if (outputs[o].size_bytes != expected.size())
      return where + " has " + std::to_string(outputs[o].size_bytes) + " bytes, expected " +
             std::to_string(expected.size());
    if (std::memcmp(outputs[o].data, expected.data(), expected.size()) == 0) continue;
    if (outputs[o].dtype == TGT_FLOAT32)
      return where + ": " +
             FloatDifference(static_cast<const float*>(outputs[o].data), expected.data(),
                             expected.size() / sizeof(float));
    if (outputs[o].dtype == TGT_FLOAT64)
      return where + ": " +
             FloatDifference(static_cast<const double*>(outputs[o].data), expected.data(),
                             expected.size() / sizeof(double));
    return where + " differs";
  }
  return "no difference";
}

std::string ModelInputs::Shapes() const {
  constexpr size_t kTold = 8;
  std::set<std::string> shapes;
  for (const Sample& sample : samples_) {
    std::string shape;
    for (const tgt_tensor& input : sample.inputs) {
      if (!shape.empty()) shape += " and ";
      for (int32_t axis = 0; axis < input.rank; ++axis)
        shape += (axis == 0 ? "" : "x") + std::to_string(input.dims[axis]);
      if (input.rank == 0) shape += "scalar";
    }
    shapes.insert(std::move(shape));
  }
  std::string text;
  size_t told = 0;
  for (const std::string& shape : shapes) {
    if (told++ == kTold) return text + " and " + std::to_string(shapes.size() - kTold) + " more";
    text += (text.empty() ? "" : ", ") + shape;
  }
  return text;
}

size_t ModelInputs::distinct_answers() const {
  std::set<std::vector<std::vector<char>>> answers;
  for (const Sample& sample : samples_) answers.insert(sample.expected);
  return answers.size();
}

}  // namespace tenter
