// Models of the C API: from memory, what they are said to give, buffers of the caller, footprints;
// and the rows that an iterator left out. The model is a file of the ONNX format, written here.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/gate.h"
#include "runtime/base/thread.h"
#include "runtime/capi/contract/relu_model.h"
#include "runtime/capi/tenter/tenter.h"
#include "runtime/capi/tenter/testing.h"

namespace tenter {
namespace {

class CApiModel : public testing::Test {
 protected:
  void SetUp() override {
    const std::string bytes = ReluModelBytes();
    ASSERT_EQ(tenter_context_create(nullptr, &context_, &error_), TENTER_OK);
    ASSERT_EQ(tenter_engine_create(context_, nullptr, &engine_, &error_), TENTER_OK);
    ASSERT_EQ(tenter_model_load_bytes(context_, bytes.data(), bytes.size(), "relu.onnx", &model_,
                                      &error_),
              TENTER_OK)
        << error_.message;
    ASSERT_EQ(tenter_cached_op_create(context_, engine_, model_, nullptr, &op_, &error_),
              TENTER_OK);
  }
  void TearDown() override { tenter_context_free(context_); }

  tenter_code Invoke(tenter_tensor* output, int64_t rows = 2) {
    tenter_tensor input = {};
    input.rank = 2;
    input.dims[0] = rows;
    input.dims[1] = 4;
    input.data = values_;
    input.size_bytes = static_cast<size_t>(rows) * 4 * sizeof(float);
    return tenter_cached_op_invoke(context_, op_, &input, 1, output, 1, &error_);
  }

  float values_[8] = {-1, 2, -3, 4, 5, -6, 7, -8};
  tenter_context* context_ = nullptr;
  tenter_engine engine_ = nullptr;
  tenter_model model_ = nullptr;
  tenter_cached_op op_ = nullptr;
  tenter_error error_ = {};
};

TEST_F(CApiModel, BytesThatAreNoModelAreNamed) {
  tenter_model none = nullptr;
  EXPECT_EQ(tenter_model_load_bytes(context_, "xyz", 3, "upload 7", &none, &error_),
            TENTER_DATA_LOSS);
  EXPECT_NE(std::string(error_.message).find("upload 7"), std::string::npos) << error_.message;
  EXPECT_EQ(tenter_model_load_bytes(context_, nullptr, 3, nullptr, &none, &error_),
            TENTER_INVALID_ARGUMENT);
}

// Also those that kernels have in an order of their own, and that were not in memory meanwhile.
TEST_F(CApiModel, ParametersAreThereWhenTheyAreAskedFor) {
  const auto digest_of = [this](const std::string& bytes, bool invoke) -> std::vector<char> {
    tenter_model model = nullptr;
    EXPECT_EQ(
        tenter_model_load_bytes(context_, bytes.data(), bytes.size(), "conv", &model, &error_),
        TENTER_OK)
        << error_.message;
    if (invoke) {
      EXPECT_EQ(tenter_cached_op_create(context_, engine_, model, nullptr, &op_, &error_),
                TENTER_OK);
      std::vector<float> image(64 * 4 * 4, 1.0f);
      tenter_tensor input = {}, output = {};
      input.rank = 4;
      std::copy_n(std::array<int64_t, 4>{1, 64, 4, 4}.begin(), 4, input.dims);
      input.data = image.data();
      input.size_bytes = image.size() * sizeof(float);
      EXPECT_EQ(tenter_cached_op_invoke(context_, op_, &input, 1, &output, 1, &error_), TENTER_OK)
          << error_.message;
      tenter_tensor_release(&output);
    }
    const void* data = nullptr;
    size_t size = 0;
    EXPECT_EQ(tenter_model_parameters(context_, model, &data, &size, &error_), TENTER_OK);
    const char* const first = static_cast<const char*>(data);
    return {first, first + size};
  };
  const std::string bytes = ConvModelBytes();
  const std::vector<char> loaded = digest_of(bytes, false);
  EXPECT_GE(loaded.size(), 64 * 64 * sizeof(float));
  EXPECT_EQ(digest_of(bytes, true), loaded);
}

TEST_F(CApiModel, AnOutputIsDescribed) {
  tenter_tensor output = {};
  char name[8] = "";
  ASSERT_EQ(tenter_model_output(context_, model_, 0, &output, name, sizeof(name), &error_),
            TENTER_OK);
  EXPECT_STREQ(name, "y");
  EXPECT_EQ(output.dtype, TENTER_FLOAT32);
  ASSERT_EQ(output.rank, 2);
  EXPECT_EQ(output.dims[0], -1);
  EXPECT_EQ(output.dims[1], 4);
  EXPECT_EQ(output.data, nullptr);
  EXPECT_EQ(tenter_model_output(context_, model_, 1, &output, nullptr, 0, &error_),
            TENTER_INVALID_ARGUMENT);
}

TEST_F(CApiModel, ABufferOfTheCallerIsFilled) {
  float buffer[9] = {};
  buffer[8] = 77;
  tenter_tensor output = {};
  output.data = buffer;
  output.size_bytes = sizeof(buffer);
  ASSERT_EQ(Invoke(&output), TENTER_OK) << error_.message;
  EXPECT_EQ(output.data, buffer);
  EXPECT_EQ(output.owner, nullptr);
  EXPECT_EQ(output.size_bytes, 8 * sizeof(float));
  ASSERT_EQ(output.rank, 2);
  EXPECT_EQ(output.dims[0], 2);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(buffer[i], values_[i] > 0 ? values_[i] : 0);
  EXPECT_EQ(buffer[8], 77);
  tenter_tensor_release(&output);
  EXPECT_EQ(output.data, buffer);
}

TEST_F(CApiModel, ABufferThatDoesNotFitIsNamed) {
  float buffer[8] = {};
  tenter_tensor output = {};
  output.data = buffer;
  output.size_bytes = 31;
  EXPECT_EQ(Invoke(&output), TENTER_INVALID_ARGUMENT);
  EXPECT_STREQ(error_.message,
               "output 0: expected a buffer of 32 bytes for float32[2,4], found 31");
  output.size_bytes = sizeof(buffer);
  output.dtype = TENTER_INT64;
  EXPECT_EQ(Invoke(&output), TENTER_INVALID_ARGUMENT);
  EXPECT_NE(std::string(error_.message).find("expected a buffer for float32[2,4], found dtype 3"),
            std::string::npos)
      << error_.message;
  EXPECT_EQ(buffer[1], 0);
  EXPECT_EQ(output.rank, 0);
}

// COP-2: memory = parameters + plans + one arena per request that runs; more of the same adds none.
// In each way the answer is the same, and only a request that runs inline needs no engine.
TEST_F(CApiModel, RunsInEachWay) {
  for (const tenter_way way :
       std::vector<tenter_way>{TENTER_WAY_DEFAULT, TENTER_WAY_SERIAL, TENTER_WAY_INLINE,
                               TENTER_WAY_DATAFLOW, TENTER_WAY_DIRECT, TENTER_WAY_DIRECT + 1})
    for (const tenter_engine engine : {engine_, tenter_engine{}})
      for (const tenter_sharing sharing : {TENTER_SHARED, TENTER_CONFINED}) {
        SCOPED_TRACE("way " + std::to_string(way) + " sharing " + std::to_string(sharing));
        tenter_cached_op_options options = {};
        options.struct_size = sizeof(options);
        options.way = way;
        options.sharing = sharing;
        const tenter_code made =
            tenter_cached_op_create(context_, engine, model_, &options, &op_, &error_);
        const bool is_inline = way == TENTER_WAY_INLINE || sharing == TENTER_CONFINED;
        const bool exists = way <= TENTER_WAY_DIRECT;
        const bool needs_one = engine == nullptr && !is_inline;
        ASSERT_EQ(made, needs_one ? TENTER_STALE_HANDLE
                        : exists  ? TENTER_OK
                                  : TENTER_INVALID_ARGUMENT);
        if (needs_one) {
          EXPECT_NE(std::strstr(error_.message, "unless its requests run inline"), nullptr);
        }
        if (made != TENTER_OK) continue;
        tenter_tensor output = {};
        ASSERT_EQ(Invoke(&output), TENTER_OK) << error_.message;
        EXPECT_EQ(static_cast<const float*>(output.data)[3], 4);
        tenter_tensor_release(&output);
      }
}

// Requests that run as one do so on workers, one node after the other.
TEST_F(CApiModel, BatchesGoWithOneWay) {
  for (const auto& [way, sharing, batch, expected] :
       std::vector<std::tuple<tenter_way, tenter_sharing, uint64_t, tenter_code>>{
           {TENTER_WAY_DEFAULT, TENTER_SHARED, 4, TENTER_OK},
           {TENTER_WAY_SERIAL, TENTER_SHARED, 128, TENTER_OK},
           {TENTER_WAY_SERIAL, TENTER_SHARED, 129, TENTER_INVALID_ARGUMENT},
           {TENTER_WAY_DIRECT, TENTER_SHARED, 4, TENTER_OK},
           {TENTER_WAY_INLINE, TENTER_SHARED, 1, TENTER_OK},
           {TENTER_WAY_INLINE, TENTER_SHARED, 2, TENTER_INVALID_ARGUMENT},
           {TENTER_WAY_DATAFLOW, TENTER_SHARED, 2, TENTER_INVALID_ARGUMENT},
           {TENTER_WAY_SERIAL, TENTER_CONFINED, 2, TENTER_INVALID_ARGUMENT}}) {
    tenter_cached_op_options options = {};
    options.struct_size = sizeof(options);
    options.way = way;
    options.sharing = sharing;
    options.batch_max = batch;
    EXPECT_EQ(tenter_cached_op_create(context_, engine_, model_, &options, &op_, &error_), expected)
        << way << " " << sharing << " " << batch;
  }
}

// The first answers hold all workers until everybody has asked.
struct Asked {
  Gate all_asked, all_answered;
  Atomic<int> left = 0;
  static void Answer(void* arg, tenter_tensor* outputs, size_t count, const tenter_error*) {
    auto* const asked = static_cast<Asked*>(arg);
    asked->all_asked.Wait();
    for (size_t i = 0; i < count; ++i) tenter_tensor_release(&outputs[i]);
    if (asked->left.FetchAdd(-1, kAcqRel) == 1) asked->all_answered.Open();
  }
};

// However many run at once: of themselves there is room for as many as make whole batches.
TEST_F(CApiModel, BatchesNeedNoFurtherOptionWithManyWorkers) {
  tenter_engine_options many = {};
  many.struct_size = sizeof(many);
  many.workers = 8;
  tenter_engine engine = nullptr;
  ASSERT_EQ(tenter_engine_create(context_, &many, &engine, &error_), TENTER_OK);
  tenter_cached_op_options options = {};
  options.struct_size = sizeof(options);
  options.batch_max = 8;
  ASSERT_EQ(tenter_cached_op_create(context_, engine, model_, &options, &op_, &error_), TENTER_OK);
  tenter_tensor input = {};
  input.rank = 2;
  input.dims[0] = 1;
  input.dims[1] = 4;
  input.data = values_;
  input.size_bytes = 4 * sizeof(float);
  constexpr int kRequests = 100;
  Asked asked;
  asked.left.Store(kRequests, kRelaxed);
  for (int i = 0; i < kRequests; ++i)
    ASSERT_EQ(tenter_cached_op_invoke_async(context_, op_, nullptr, &input, 1, Asked::Answer,
                                            &asked, nullptr, &error_),
              TENTER_OK)
        << error_.message;
  asked.all_asked.Open();
  asked.all_answered.Wait();
  tenter_footprint footprint = {};
  footprint.struct_size = sizeof(footprint);
  ASSERT_EQ(tenter_cached_op_get_footprint(context_, op_, &footprint, &error_), TENTER_OK);
  EXPECT_GE(footprint.batched, 8u);
  EXPECT_EQ(tenter_cached_op_free(context_, op_, &error_), TENTER_OK);
  EXPECT_EQ(tenter_engine_free(context_, engine, &error_), TENTER_OK);
}

TEST_F(CApiModel, AModelHasAPath) {
  tenter_model none = nullptr;
  EXPECT_EQ(tenter_model_load(context_, nullptr, &none, &error_), TENTER_INVALID_ARGUMENT);
  EXPECT_STREQ(error_.message, "a model without a path");
  EXPECT_EQ(tenter_model_load(context_, "/", &none, &error_), TENTER_NOT_FOUND);
  EXPECT_STREQ(error_.message, "model '/': cannot be read: Is a directory");
}

TEST_F(CApiModel, ThreadsOfAKernelAreAFew) {
  for (const auto& [threads, expected] : std::vector<std::pair<uint64_t, tenter_code>>{
           {0, TENTER_OK}, {2, TENTER_OK}, {64, TENTER_OK}, {65, TENTER_INVALID_ARGUMENT}}) {
    tenter_cached_op_options options = {};
    options.struct_size = sizeof(options);
    options.intra_op_threads = threads;
    options.grain = 1;
    EXPECT_EQ(tenter_cached_op_create(context_, engine_, model_, &options, &op_, &error_), expected)
        << threads;
    if (expected != TENTER_OK) continue;
    tenter_tensor output = {};
    ASSERT_EQ(Invoke(&output), TENTER_OK) << error_.message;
    EXPECT_EQ(static_cast<const float*>(output.data)[3], 4);
    tenter_tensor_release(&output);
    tenter_cached_op_free(context_, op_, nullptr);
    op_ = nullptr;
  }
}

// What a request that nobody waits for came to.
struct Told {
  Gate gate;
  tenter_code code = TENTER_INTERNAL;
  std::string message;
  float last = 0;
  tenter_code inside = TENTER_OK;  // of a free in the answer
  tenter_context* context = nullptr;
  tenter_cached_op op = nullptr;

  static void Answer(void* arg, tenter_tensor* outputs, size_t count, const tenter_error* error) {
    auto* const told = static_cast<Told*>(arg);
    told->code = error == nullptr ? TENTER_OK : error->code;
    if (error != nullptr) told->message = error->message;
    if (count == 1) told->last = static_cast<const float*>(outputs[0].data)[3];
    for (size_t i = 0; i < count; ++i) tenter_tensor_release(&outputs[i]);
    tenter_error refused = {};
    told->inside = tenter_cached_op_free(told->context, told->op, &refused);
    told->gate.Open();
  }
};

// A request is answered later, and an answer may not free its op.
TEST_F(CApiModel, IsAnsweredLater) {
  Told told;
  told.context = context_;
  told.op = op_;
  tenter_tensor input = {};
  input.rank = 2;
  input.dims[0] = 2;
  input.dims[1] = 4;
  input.data = values_;
  input.size_bytes = sizeof(values_);
  uint64_t request = 0;
  ASSERT_EQ(tenter_cached_op_invoke_async(context_, op_, nullptr, &input, 1, Told::Answer, &told,
                                          &request, &error_),
            TENTER_OK)
      << error_.message;
  told.gate.Wait();
  EXPECT_EQ(told.code, TENTER_OK);
  EXPECT_EQ(told.last, 4);
  EXPECT_EQ(told.inside, TENTER_WAIT_INSIDE_OP);
  EXPECT_EQ(tenter_cached_op_cancel(context_, op_, request, &error_), TENTER_OK);
  EXPECT_EQ(tenter_cached_op_free(context_, op_, &error_), TENTER_OK);
  EXPECT_EQ(tenter_cached_op_cancel(context_, op_, request, &error_), TENTER_STALE_HANDLE);
}

#if defined(TENTER_PROBES)

// Somebody is inside of an op while it is freed: whoever compiles a plan once `armed` is set.
class CApiInside : public CApiModel {
 protected:
  void SetUp() override {
    CApiModel::SetUp();
    tenter_context_free(context_);
    const std::string bytes = ReluModelBytes();
    tenter_testing_options testing = {};
    testing.struct_size = sizeof(testing);
    testing.probe = Probe;
    testing.probe_self = this;
    ASSERT_EQ(tenter_testing_context_create(&testing, &context_, &error_), TENTER_OK);
    ASSERT_EQ(tenter_engine_create(context_, nullptr, &engine_, &error_), TENTER_OK);
    ASSERT_EQ(tenter_model_load_bytes(context_, bytes.data(), bytes.size(), "relu.onnx", &model_,
                                      &error_),
              TENTER_OK);
    ASSERT_EQ(tenter_cached_op_create(context_, engine_, model_, nullptr, &op_, &error_),
              TENTER_OK);
    input_.rank = 2;
    input_.dims[0] = 2;
    input_.dims[1] = 4;
    input_.data = values_;
    input_.size_bytes = sizeof(values_);
  }
  static void Probe(void* self, const tenter_hit* hit, tenter_fault*) {
    auto* const test = static_cast<CApiInside*>(self);
    if (std::string_view(hit->site) != "cached_op.plan.compile" || !test->armed_.Load(kRelaxed))
      return;
    test->compiles_.Open();
    test->freed_.Wait();
  }
  static tenter_code Ask(void* self, const tenter_op_context*, tenter_error*) {
    auto* const test = static_cast<CApiInside*>(self);
    test->code_ = tenter_cached_op_invoke_async(test->context_, test->op_, nullptr, &test->input_,
                                                1, Answer, test, nullptr, nullptr);
    test->asked_.Open();
    return TENTER_OK;
  }
  static void Answer(void* self, tenter_tensor* outputs, size_t count, const tenter_error*) {
    auto* const test = static_cast<CApiInside*>(self);
    test->answers_.Open();
    test->goes_on_.Wait();
    for (size_t i = 0; i < count; ++i) tenter_tensor_release(&outputs[i]);
    test->answered_.Store(true, kRelaxed);
  }
  static tenter_code Hold(void* self, const tenter_op_context*, tenter_error*) {
    static_cast<CApiInside*>(self)->goes_on_.Wait();
    return TENTER_OK;
  }
  static void Late(void* self, tenter_tensor*, size_t, const tenter_error* error) {
    auto* const test = static_cast<CApiInside*>(self);
    EXPECT_EQ(error->code, TENTER_DEADLINE_EXCEEDED);
    test->code_ = tenter_cached_op_free(test->context_, test->op_, nullptr);
    test->freed_.Open();
  }

  tenter_tensor input_ = {};
  Gate compiles_, freed_, asked_, answers_, goes_on_;
  Atomic<bool> armed_ = false, answered_ = false;
  tenter_code code_ = TENTER_OK;
};

// It is the last that uses the op, and would wait for itself.
TEST_F(CApiInside, AWorkerDoesNotDestroyACachedOp) {
  armed_.Store(true, kRelaxed);
  tenter_op op = {};
  op.name = "asks";
  op.run = Ask;
  op.arg = this;
  ASSERT_EQ(tenter_push(context_, engine_, &op, nullptr, &error_), TENTER_OK);
  compiles_.Wait();
  EXPECT_EQ(tenter_cached_op_free(context_, op_, &error_), TENTER_OK);
  EXPECT_EQ(tenter_engine_free(context_, engine_, &error_), TENTER_OK);
  freed_.Open();
  asked_.Wait();
  EXPECT_EQ(code_, TENTER_CLOSED);
}

// Whoever frees it may give away what its answers need, also while somebody else is inside, with
// whom the object goes.
TEST_F(CApiInside, AFreeWaitsForAnswers) {
  ASSERT_EQ(Ask(this, nullptr, nullptr), TENTER_OK);
  answers_.Wait();
  armed_.Store(true, kRelaxed);
  Thread other, last;
  ASSERT_TRUE(other
                  .Start("other",
                         [&] {
                           tenter_tensor output = {};
                           Invoke(&output,
                                  /*rows=*/1);  // of another shape, for which a plan is compiled
                         })
                  .ok());
  compiles_.Wait();
  ASSERT_TRUE(last.Start("last",
                         [&] {
                           tenter_footprint footprint = {};
                           footprint.struct_size = sizeof(footprint);
                           while (tenter_cached_op_get_footprint(context_, op_, &footprint,
                                                                 nullptr) == TENTER_OK)
                             YieldThread();  // until the free has begun
                           goes_on_.Open();
                         })
                  .ok());
  EXPECT_EQ(tenter_cached_op_free(context_, op_, nullptr), TENTER_OK);
  EXPECT_TRUE(answered_.Load(kRelaxed));
  freed_.Open();
  other.Join();
  last.Join();
}

// From the thread that watches deadlines, which others need: it must not wait there.
TEST_F(CApiInside, AFreeInALateAnswerIsRefused) {
  tenter_engine_options one = {};
  one.struct_size = sizeof(one);
  one.workers = 1;
  tenter_engine engine = nullptr;
  ASSERT_EQ(tenter_engine_create(context_, &one, &engine, &error_), TENTER_OK);
  ASSERT_EQ(tenter_cached_op_create(context_, engine, model_, nullptr, &op_, &error_), TENTER_OK);
  tenter_op hold = {};
  hold.name = "hold";
  hold.run = Hold;
  hold.arg = this;
  ASSERT_EQ(tenter_push(context_, engine, &hold, nullptr, &error_), TENTER_OK);
  // The first has the only place, the second waits for it.
  ASSERT_EQ(Ask(this, nullptr, nullptr), TENTER_OK);
  ASSERT_EQ(code_, TENTER_OK);
  tenter_invoke_options soon = {};
  soon.struct_size = sizeof(soon);
  soon.timeout_ns = 50'000'000;
  ASSERT_EQ(
      tenter_cached_op_invoke_async(context_, op_, &soon, &input_, 1, Late, this, nullptr, &error_),
      TENTER_OK)
      << error_.message;
  freed_.Wait();
  EXPECT_EQ(code_, TENTER_WAIT_INSIDE_OP);
  goes_on_.Open();
  EXPECT_EQ(tenter_cached_op_free(context_, op_, &error_), TENTER_OK);
  EXPECT_TRUE(answered_.Load(kRelaxed));
}

#endif

TEST_F(CApiModel, SaysWhatIsWrongWithARequest) {
  tenter_tensor input = {}, output = {};
  tenter_invoke_options options = {};
  options.struct_size = sizeof(options);
  EXPECT_EQ(tenter_cached_op_invoke_async(context_, op_, nullptr, &input, 1, nullptr, nullptr,
                                          nullptr, &error_),
            TENTER_INVALID_ARGUMENT);
  EXPECT_EQ(tenter_cached_op_invoke_async(context_, op_, nullptr, &input, 1, Told::Answer, nullptr,
                                          nullptr, &error_),
            TENTER_INVALID_ARGUMENT);
  options.timeout_ns = -1;
  EXPECT_EQ(tenter_cached_op_invoke_with(context_, op_, &options, &input, 1, &output, 1, &error_),
            TENTER_INVALID_ARGUMENT);
  EXPECT_STREQ(error_.message, "timeout_ns is -1, which is before now");
}

TEST_F(CApiModel, TheFootprintListsBytes) {
  tenter_footprint footprint = {};
  uint64_t arena_bytes = 0;
  for (int i = 0; i < 3; ++i)
    for (int64_t rows = 1; rows <= 2; ++rows) {
      tenter_tensor output = {};
      ASSERT_EQ(Invoke(&output, rows), TENTER_OK);
      tenter_tensor_release(&output);
      ASSERT_EQ(tenter_cached_op_get_footprint(context_, op_, &footprint, &error_), TENTER_OK);
      EXPECT_EQ(footprint.plans, i == 0 ? static_cast<uint64_t>(rows) : 2u);
      EXPECT_EQ(footprint.in_flight, 0u);
      EXPECT_GE(footprint.arena_bytes, footprint.plans * 4 * sizeof(float));
      if (i == 0) arena_bytes = footprint.arena_bytes;
      EXPECT_EQ(footprint.arena_bytes, arena_bytes);
    }
  EXPECT_EQ(footprint.requests, 6u);
  EXPECT_EQ(footprint.compilations, 2u);
}

TEST_F(CApiModel, SkippedRowsAreTold) {
  const std::string path = testing::TempDir() + "capi_skipped_rows.csv";
  std::ofstream(path) << "1\nx\n3\n4,5\n6\n";
  tenter_csv_options options = {};
  options.batch_size = 3;
  options.bad_rows_max = 5;
  tenter_iterator iterator = nullptr;
  ASSERT_EQ(tenter_csv_iterator_create(context_, path.c_str(), &options, &iterator, &error_),
            TENTER_OK);
  tenter_batch batch = {};
  ASSERT_EQ(tenter_iterator_next(context_, iterator, &batch, &error_), TENTER_OK) << error_.message;
  EXPECT_EQ(batch.data.dims[0], 3);
  tenter_tensor_release(&batch.data);
  tenter_skipped_row rows[3] = {};
  uint64_t count = 0;
  ASSERT_EQ(tenter_iterator_skipped(context_, iterator, rows, 3, &count, &error_), TENTER_OK);
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(rows[0].line, 2);
  EXPECT_EQ(rows[0].reason.code, TENTER_DATA_LOSS);
  EXPECT_EQ(rows[1].line, 4);
  EXPECT_EQ(rows[2].line, 0);
  rows[1].line = 99;
  ASSERT_EQ(tenter_iterator_skipped(context_, iterator, rows, 1, &count, &error_), TENTER_OK);
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(rows[1].line, 99);
  ASSERT_EQ(tenter_iterator_reset(context_, iterator, &error_), TENTER_OK);
  ASSERT_EQ(tenter_iterator_skipped(context_, iterator, nullptr, 0, &count, &error_), TENTER_OK);
  EXPECT_EQ(count, 0u);
  std::remove(path.c_str());
}

}  // namespace
}  // namespace tenter
