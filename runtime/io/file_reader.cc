#include "runtime/io/file_reader.h"

#include <functional>
#include <new>
#include <utility>

namespace tenter {

Status FileReader::Open(const std::string& path) {
  Leave();
  TENTER_ASSIGN_OR_RETURN(std::shared_ptr<FileChunks> chunks, FileChunks::Create(path));
  // Made before anything changes, since it may throw.
  std::function<void()> body = [chunks] { chunks->Run(); };
  {
    MutexLock lock(mutex_);
    chunks_ = chunks;
    if (interrupted_) chunks->Stop();
  }
  const Status started = thread_.Start("tenter-reader", std::move(body));
  if (!started.ok()) {
    MutexLock lock(mutex_);
    chunks_ = nullptr;
    return started;
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

void FileReader::BeforeFork() NO_THREAD_SAFETY_ANALYSIS {
  mutex_.Lock();
  if (chunks_ != nullptr) chunks_->mutex().Lock();
}

void FileReader::AfterForkInParent() NO_THREAD_SAFETY_ANALYSIS {
  if (chunks_ != nullptr) chunks_->mutex().Unlock();
  mutex_.Unlock();
}

void FileReader::AfterForkInChild() NO_THREAD_SAFETY_ANALYSIS {
  if (chunks_ != nullptr) chunks_->Orphan();
  new (&thread_) Thread;  // the thread is not there to be joined
  AfterForkInParent();
}

void FileReader::Interrupt() {
  MutexLock lock(mutex_);
  interrupted_ = true;
  if (chunks_ != nullptr) chunks_->Stop();
}

}  // namespace tenter
