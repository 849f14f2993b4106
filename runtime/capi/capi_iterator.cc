// The iterator functions of the C API.
#include <utility>

#include "runtime/capi/context.h"
#include "runtime/io/csv_source.h"

namespace tenter {
namespace {

Result<CsvOptions> OptionsOf(const tenter_csv_options& c, Probe* probe) {
  tenter_tensor row = {};
  row.dtype = c.dtype;
  row.rank = c.row_rank;
  // One axis is needed for the batch.
  if (c.row_rank < 0 || c.row_rank >= TENTER_RANK_MAX)
    return Status(StatusCode::kInvalidArgument,
                  "row_rank must be 0 to 7, found " + std::to_string(c.row_rank));
  for (int32_t i = 0; i < c.row_rank; ++i) row.dims[i] = c.row_dims[i];
  TENTER_ASSIGN_OR_RETURN(const TensorSpec spec, SpecOf(row));
  return CsvOptions{.path = c.path,
                    .row_shape = spec.shape,
                    .dtype = spec.dtype,
                    .batch_size = c.batch_size,
                    .round_batch = c.round_batch != 0,
                    .bad_rows_max = c.bad_rows_max,
                    .probe = probe};
}

Result<std::shared_ptr<ThreadedIterator>> FindIterator(tenter_context* context,
                                                       tenter_handle handle) {
  return context->Find<ThreadedIterator>(handle, "iterator");
}

}  // namespace
}  // namespace tenter

using tenter::FindIterator;
using tenter::Protect;
using tenter::Status;

extern "C" {

tenter_code tenter_csv_iterator_create(tenter_context* context, const tenter_csv_options* options,
                                       tenter_handle* iterator, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(tenter::CsvOptions csv, tenter::OptionsOf(*options, context->probe()));
    TENTER_ASSIGN_OR_RETURN(auto source, tenter::CsvSource::Create(std::move(csv)));
    tenter::ThreadedIteratorOptions threaded;
    if (options->prefetch > 0) threaded.prefetch = options->prefetch;
    threaded.probe = context->probe();
    TENTER_ASSIGN_OR_RETURN(auto made,
                            tenter::ThreadedIterator::Create(std::move(source), threaded));
    *iterator = context->Add(std::shared_ptr<tenter::ThreadedIterator>(std::move(made)));
    return {};
  });
}

tenter_code tenter_iterator_next(tenter_context* context, tenter_handle iterator,
                                 tenter_batch* batch, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    *batch = {};
    TENTER_ASSIGN_OR_RETURN(const auto found, FindIterator(context, iterator));
    TENTER_ASSIGN_OR_RETURN(std::optional<tenter::Batch> next, found->Next());
    if (!next.has_value()) return {};
    batch->has_value = 1;
    batch->index = next->index;
    batch->first_row = next->first_row;
    batch->pad = next->pad;
    tenter::FillTensor(std::move(next->data), &batch->data);
    return {};
  });
}

tenter_code tenter_iterator_reset(tenter_context* context, tenter_handle iterator,
                                  tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto found, FindIterator(context, iterator));
    return found->Reset();
  });
}

tenter_code tenter_iterator_close(tenter_context* context, tenter_handle iterator,
                                  tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto found, FindIterator(context, iterator));
    found->Close();
    return {};
  });
}

}  // extern "C"
