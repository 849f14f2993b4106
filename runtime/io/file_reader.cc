#include "runtime/io/file_reader.h"

#include <utility>

namespace tenter {

Status FileReader::Open(const std::string& path) {
  Leave();
  TENTER_ASSIGN_OR_RETURN(std::shared_ptr<FileChunks> chunks, FileChunks::Create(path));
  TENTER_RETURN_IF_ERROR(thread_.Start("tenter-reader", [chunks] { chunks->Run(); }));
  {
    MutexLock lock(mutex_);
    chunks_ = chunks;
    if (interrupted_) chunks->Stop();
  }
  return chunks->AwaitOpen();
}

Result<std::string_view> FileReader::Read() {
  std::shared_ptr<FileChunks> chunks;
  {
    MutexLock lock(mutex_);
    chunks = chunks_;
  }
  TENTER_CHECK(chunks != nullptr, "reading a file that is not open");
  return chunks->Take();
}

void FileReader::Close() {
  Leave();
  MutexLock lock(mutex_);
  interrupted_ = false;
}

void FileReader::Leave() {
  std::shared_ptr<FileChunks> chunks;
  {
    MutexLock lock(mutex_);
    chunks.swap(chunks_);
  }
  if (chunks == nullptr) return;
  chunks->Stop();
  if (chunks->AwaitLeft(kLeaveNs))
    thread_.Join();
  else
    thread_.Detach();
}

void FileReader::Interrupt() {
  MutexLock lock(mutex_);
  interrupted_ = true;
  if (chunks_ != nullptr) chunks_->Stop();
}

}  // namespace tenter
