// The iterator functions of the C API.
#include <utility>

#include "runtime/capi/context/context.h"
#include "runtime/capi/context/sized.h"
#include "runtime/io/csv_source.h"

namespace tenter {
namespace {

Result<CsvOptions> OptionsOf(const char* path, const tenter_csv_options& c, Probe* probe) {
  if (path == nullptr) return Status(StatusCode::kInvalidArgument, "no path");
  tenter_tensor row = {};
  row.dtype = c.dtype;
  row.rank = c.row_rank;
  // One axis is needed for the batch.
  if (c.row_rank < 0 || c.row_rank >= TENTER_RANK_MAX)
    return Status(StatusCode::kInvalidArgument,
                  "row_rank must be 0 to 7, found " + std::to_string(c.row_rank));
  if (c.row_rank > 0 && c.row_dims == nullptr)
    return Status(StatusCode::kInvalidArgument,
                  "row_rank is " + std::to_string(c.row_rank) + " without row_dims");
  for (int32_t i = 0; i < c.row_rank; ++i) row.dims[i] = c.row_dims[i];
  TENTER_ASSIGN_OR_RETURN(const TensorSpec spec, SpecOf(row));
  return CsvOptions{.path = path,
                    .row_shape = spec.shape,
                    .dtype = spec.dtype,
                    .batch_size = c.batch_size == 0 ? 1 : c.batch_size,
                    .round_batch = c.round_batch != 0,
                    .bad_rows_max = c.bad_rows_max,
                    .probe = probe};
}

Result<std::shared_ptr<ThreadedIterator>> CreateIterator(const char* path,
                                                         const tenter_csv_options& c,
                                                         Probe* probe) {
  TENTER_ASSIGN_OR_RETURN(CsvOptions csv, OptionsOf(path, c, probe));
  TENTER_ASSIGN_OR_RETURN(auto source, CsvSource::Create(std::move(csv)));
  ThreadedIteratorOptions threaded;
  if (c.prefetch > 0) threaded.prefetch = c.prefetch;
  threaded.probe = probe;
  TENTER_ASSIGN_OR_RETURN(auto made, ThreadedIterator::Create(std::move(source), threaded));
  return std::shared_ptr<ThreadedIterator>(std::move(made));
}

}  // namespace
}  // namespace tenter

using tenter::Protect;
using tenter::Status;

extern "C" {

tenter_code tenter_csv_iterator_create(tenter_context* context, const char* path,
                                       const tenter_csv_options* options, tenter_iterator* iterator,
                                       tenter_error* error) {
  return Protect(error, [&] {
    return tenter::WithOptions(
        options, "tenter_csv_options", [&](const tenter_csv_options& whole) -> Status {
          TENTER_ASSIGN_OR_RETURN(auto made, tenter::CreateIterator(path, whole, context->probe()));
          return context->Add(std::move(made), iterator);
        });
  });
}

tenter_code tenter_iterator_next(tenter_context* context, tenter_iterator iterator,
                                 tenter_batch* batch, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto out,
                            tenter::ResultArray<tenter_batch>::Of(batch, 1, "tenter_batch"));
    tenter_batch made = {};
    if (out.size() < sizeof(made))
      return {tenter::StatusCode::kInvalidArgument, "tenter_batch has no room for the tensor"};
    out.Set(0, made);
    TENTER_FIND_OR_RETURN(found, context, iterator);
    auto owner = std::make_unique<tenter::Tensor>();  // first: a batch that was taken would be lost
    TENTER_ASSIGN_OR_RETURN(std::optional<tenter::Batch> next, found->Next());
    if (!next.has_value()) return {};
    made.has_value = 1;
    made.index = next->index;
    made.first_row = next->first_row;
    made.pad = next->pad;
    tenter::FillTensor(std::move(next->data), std::move(owner), &made.data);
    out.Set(0, made);
    return {};
  });
}

tenter_code tenter_iterator_skipped(tenter_context* context, tenter_iterator iterator,
                                    tenter_skipped_row* rows, size_t capacity, uint64_t* count,
                                    tenter_error* error) {
  *count = 0;
  return Protect(error, [&]() -> Status {
    using Rows = tenter::ResultArray<tenter_skipped_row>;
    TENTER_ASSIGN_OR_RETURN(const auto out, Rows::Of(rows, capacity, "tenter_skipped_row"));
    TENTER_FIND_OR_RETURN(found, context, iterator);
    TENTER_ASSIGN_OR_RETURN(const tenter::SkippedRows skipped, found->skipped());
    *count = static_cast<uint64_t>(skipped.count());
    size_t i = 0;
    for (const tenter::SkippedRow& row : skipped.rows()) {
      if (i == capacity) break;
      tenter_skipped_row made = {};
      made.line = row.line;
      tenter::FillError(row.reason, &made.reason);
      out.Set(i++, made);
    }
    return {};
  });
}

tenter_code tenter_iterator_reset(tenter_context* context, tenter_iterator iterator,
                                  tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(found, context, iterator);
    return found->Reset();
  });
}

tenter_code tenter_iterator_close(tenter_context* context, tenter_iterator iterator,
                                  tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(found, context, iterator);
    found->Close();
    return {};
  });
}

}  // extern "C"
