// Event: one line of the fuzzer's output, a JSON object: {"event": ..., key: value, ...}.
//
// Thread safety: belongs to one thread.
// Invariants: the line is printed when the object is destroyed, and flushed, since somebody reads
//   along.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace tenter::fuzz {

class Event {
 public:
  explicit Event(const std::string& name) : text_("{\"event\": " + Quote(name)) {}
  ~Event() {
    std::puts((text_ + "}").c_str());
    std::fflush(stdout);
  }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  Event& Add(const std::string& key, const std::string& value) { return Raw(key, Quote(value)); }
  Event& Add(const std::string& key, uint64_t value) { return Raw(key, std::to_string(value)); }
  Event& Add(const std::string& key, int value) { return Raw(key, std::to_string(value)); }
  Event& Add(const std::string& key, double value) { return Raw(key, std::to_string(value)); }

 private:
  static std::string Quote(const std::string& text);
  Event& Raw(const std::string& key, const std::string& value) {
    text_ += ", " + Quote(key) + ": " + value;
    return *this;
  }

  std::string text_;
};

}  // namespace tenter::fuzz
