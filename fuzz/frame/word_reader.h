// WordReader: the words of one line of a program, taken one after the other.
//
// Thread safety: belongs to one thread.
// Invariants: `ok` turns false at the first word that does not fit, and stays so; Wrong says which
//   word that is, and what would fit there.
#pragma once

#include <algorithm>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

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
    if (Read().empty()) Fail("another word");
    return ok_ ? word_ : "";
  }
  bool Is(std::string_view wanted) {
    if (Read() != wanted) Fail("'" + std::string(wanted) + "'");
    return ok_;
  }
  template <typename Value>
  void One(Names names, Value* value) {
    const auto at = std::find(names.begin(), names.end(), Read());
    if (at == names.end()) {
      std::string all;
      for (const std::string_view name : names)
        all += (all.empty() ? "" : ", ") + std::string(name);
      Fail("one of " + all);
    } else if (ok_) {
      *value = static_cast<Value>(at - names.begin());
    }
  }
  template <typename Number>
  void Number_(Number least, Number most, Number* number) {
    std::istringstream in(Read());
    Number read{};
    // A stream makes a large number of a negative one that the type does not hold.
    const bool wraps = std::is_unsigned_v<Number> && word_.starts_with('-');
    const bool fits =
        !wraps && static_cast<bool>(in >> read) && in.eof() && read >= least && read <= most;
    if (!fits) Fail("a number from " + std::to_string(least) + " to " + std::to_string(most));
    if (ok_) *number = read;
  }
  // The word that was read last does not fit, though it is spelt well. `wanted`: what would.
  void Fail(std::string wanted) {
    if (ok_) wanted_ = std::move(wanted);
    ok_ = false;
  }
  bool more() { return ok_ && !(in_ >> std::ws).eof(); }
  bool ok() const { return ok_; }

  // "at 'float16', expected one of float32, uint8"; of a line that goes on although it should end,
  // the word with which it does.
  std::string Wrong() {
    if (ok_) {
      Read();
      return "at '" + word_ + "', expected the end of the line";
    }
    return (word_.empty() ? std::string("at its end") : "at '" + word_ + "'") + ", expected " +
           wanted_;
  }

 private:
  // The next word, empty at the end of the line; the same again behind one that did not fit.
  const std::string& Read() {
    if (ok_ && !(in_ >> word_)) word_.clear();
    return word_;
  }

  std::istringstream in_;
  std::string word_, wanted_;  // the last word; what was expected in its place
  bool ok_ = true;
};

}  // namespace tenter::fuzz
