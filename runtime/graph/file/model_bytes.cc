#include "runtime/graph/file/model_bytes.h"

#include <fcntl.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace tenter {

// By system calls, since a stream that finds no memory says that the file cannot be read.
Result<std::unique_ptr<ModelBytes>> ModelBytes::Open(const std::string& path) {
  std::unique_ptr<ModelBytes> bytes(new ModelBytes);
  const auto unreadable = [] {
    return Status(StatusCode::kNotFound, std::string("cannot be read: ") + std::strerror(errno));
  };
  bytes->file_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (bytes->file_ < 0) return unreadable();
  struct stat about = {};
  if (fstat(bytes->file_, &about) != 0) return unreadable();
  // Files of which the system does not know the size say that they are empty.
  if (S_ISREG(about.st_mode) && about.st_size > 0) {
    bytes->file_bytes_ = static_cast<size_t>(about.st_size);
  } else if (!bytes->ReadAll()) {
    return unreadable();
  }
  return bytes;
}

ModelBytes::~ModelBytes() {
  if (file_ >= 0) close(file_);
}

bool ModelBytes::ReadAll() {
  constexpr size_t kStep = size_t{1} << 20;
  for (size_t size = 0;;) {
    read_.resize(size + kStep);
    const ssize_t got = read(file_, read_.data() + size, kStep);
    if (got < 0 && errno == EINTR) continue;
    size += static_cast<size_t>(std::max<ssize_t>(got, 0));
    read_.resize(size);
    bytes_ = read_;
    if (got <= 0) return got == 0;
  }
}

bool ModelBytes::Read(size_t offset, size_t count, void* to) const {
  if (offset > size() || count > size() - offset) return false;
  if (count == 0) return true;
  if (bytes_.data() != nullptr) {
    std::memcpy(to, bytes_.data() + offset, count);
    return true;
  }
  for (size_t done = 0; done < count;) {
    const ssize_t got = pread(file_, static_cast<char*>(to) + done, count - done,
                              static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<size_t>(got);
  }
  return true;
}

std::unique_ptr<google::protobuf::io::ZeroCopyInputStream> ModelBytes::NewStream() const {
  using google::protobuf::io::ArrayInputStream;
  using google::protobuf::io::FileInputStream;
  if (bytes_.data() != nullptr)
    return std::make_unique<ArrayInputStream>(
        bytes_.data(), static_cast<int>(std::min<size_t>(bytes_.size(), INT_MAX)));
  lseek(file_, 0, SEEK_SET);
  return std::make_unique<FileInputStream>(file_);
}

}  // namespace tenter
