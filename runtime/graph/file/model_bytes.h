// ModelBytes: the bytes of a model, in a file or in memory, of which an import reads what it wants
// when it wants it.
//
// A file is read, not mapped: mapped pages of a file that somebody cuts off or writes over would
// end the process, or change parameters that others compute with. Here it ends in an error.
//
// Thread safety: const methods from any thread but NewStream, whose streams share one position in
//   the file: one at a time.
// Ownership and lifetime: owns the open file; memory is borrowed, and so are both from a stream.
// Errors: Open returns kNotFound; Read and streams say that there are fewer bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/status.h"

namespace google::protobuf::io {
class ZeroCopyInputStream;
}

namespace tenter {

class ModelBytes {
 public:
  // What is no regular file, such as a FIFO, is read into memory as a whole. A FIFO into which
  // nobody writes is not waited for: it reads as an empty file. Throws std::bad_alloc.
  static Result<std::unique_ptr<ModelBytes>> Open(const std::string& path);

  explicit ModelBytes(std::string_view bytes) : bytes_(bytes) {}
  ~ModelBytes();
  ModelBytes(const ModelBytes&) = delete;
  ModelBytes& operator=(const ModelBytes&) = delete;

  size_t size() const { return bytes_.data() == nullptr ? file_bytes_ : bytes_.size(); }

  // Copies `count` bytes from `offset` on to `to`. False when they are not there, or no longer.
  bool Read(size_t offset, size_t count, void* to) const;

  // All bytes from the first on.
  std::unique_ptr<google::protobuf::io::ZeroCopyInputStream> NewStream() const;

 private:
  ModelBytes() = default;
  bool ReadAll();

  int file_ = -1;
  size_t file_bytes_ = 0;
  std::string read_;        // of what is no regular file
  std::string_view bytes_;  // in memory; without data when they are in the file
};

}  // namespace tenter
