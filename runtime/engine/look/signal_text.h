// SignalText: text to a file descriptor from inside a signal handler: no allocation, no lock, no
// stdio.
//
// Thread safety: one thread.
// Ownership and lifetime: borrows the descriptor; what is left is written by the destructor.
// Invariants: calls write(2) only.
// Errors: a write that fails is given up.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace tenter {

class SignalText {
 public:
  explicit SignalText(int fd) : fd_(fd) {}
  ~SignalText() { Flush(); }
  SignalText(const SignalText&) = delete;
  SignalText& operator=(const SignalText&) = delete;

  SignalText& operator<<(const char* text) {
    for (; *text != 0; ++text) Put(*text);
    return *this;
  }
  SignalText& operator<<(uint64_t number) {
    char digits[20];
    size_t count = 0;
    do {
      digits[count++] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    while (count > 0) Put(digits[--count]);
    return *this;
  }

 private:
  void Put(char c) {
    if (size_ == sizeof(buffer_)) Flush();
    buffer_[size_++] = c;
  }
  void Flush() {
    for (size_t done = 0; done < size_;) {
      const ssize_t written = write(fd_, buffer_ + done, size_ - done);
      if (written <= 0) break;
      done += static_cast<size_t>(written);
    }
    size_ = 0;
  }

  const int fd_;
  char buffer_[512];
  size_t size_ = 0;
};

}  // namespace tenter
