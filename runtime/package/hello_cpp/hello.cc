// One inference: y = Relu(x) for two floats.
#include <tenter/tenter.h>

#include <array>
#include <cstdio>
#include <string_view>

// The model as a file of ONNX holds it; tenter_model_load reads such a file.
constexpr std::string_view kRelu =
    "\b\b:3\n\f\n\1x\22\1y\"\4Relu\22\1gZ\17\n\1x\22\n\n\b\b\1\22\4\n\2\b\2"
    "b\17\n\1y\22\n\n\b\b\1\22\4\n\2\b\2B\2\20\r";

int main() {
  tenter_error error = {};
  tenter_context* context = nullptr;
  tenter_engine engine = nullptr;
  tenter_model model = nullptr;
  tenter_cached_op op = nullptr;
  std::array<float, 2> x = {-1, 2}, y = {};
  tenter_tensor in = {TENTER_FLOAT32, 1, {2}, x.data(), sizeof(x), nullptr};
  tenter_tensor out = {TENTER_FLOAT32, 1, {2}, y.data(), sizeof(y), nullptr};
  const bool ok =
      tenter_context_create(nullptr, &context, &error) == TENTER_OK &&
      tenter_engine_create(context, nullptr, &engine, &error) == TENTER_OK &&
      tenter_model_load_bytes(context, kRelu.data(), kRelu.size(), "relu", &model, &error) ==
          TENTER_OK &&
      tenter_cached_op_create(context, engine, model, nullptr, &op, &error) == TENTER_OK &&
      tenter_cached_op_invoke(context, op, &in, 1, &out, 1, &error) == TENTER_OK;
  if (ok) {
    std::printf("relu(%g, %g) = %g, %g\n", x[0], x[1], y[0], y[1]);
  } else {
    std::fprintf(stderr, "%s: %s\n", tenter_code_name(error.code), error.message);
  }
  tenter_context_free(context);
  return ok && y == std::array<float, 2>{0, 2} ? 0 : 1;
}
