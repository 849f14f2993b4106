// WordReader: the words of one line of a program, taken one after the other.
//
// Thread safety: belongs to one thread.
// Invariants: `ok` turns false at the first word that does not fit, and stays so.
#pragma once

#include <algorithm>
#include <span>
#include <sstream>
#include <string>
#include <string_view>

namespace tenter::fuzz {

// Names beside the values of an enum, or beside numbers from 0.
using Names = std::span<const std::string_view>;

template <typename Value>
std::string Name(Names names, Value value) {
  return std::string(names[static_cast<size_t>(value)]);
}

class WordReader {
 public:
  explicit WordReader(const std::string& line) : in_(line) {}

  std::string Word() {
    std::string word;
    ok_ = ok_ && static_cast<bool>(in_ >> word);
    return word;
  }
  bool Is(std::string_view wanted) { return ok_ = (Word() == wanted) && ok_; }
  template <typename Value>
  void One(Names names, Value* value) {
    const auto at = std::find(names.begin(), names.end(), Word());
    ok_ = ok_ && at != names.end();
    if (ok_) *value = static_cast<Value>(at - names.begin());
  }
  template <typename Number>
  void Number_(Number least, Number most, Number* number) {
    std::istringstream in(Word());
    ok_ =
        ok_ && static_cast<bool>(in >> *number) && in.eof() && *number >= least && *number <= most;
  }
  bool more() { return ok_ && !(in_ >> std::ws).eof(); }
  bool ok() const { return ok_; }

 private:
  std::istringstream in_;
  bool ok_ = true;
};

}  // namespace tenter::fuzz
