// Words: reads the words of one line of a program's text.
//
// Thread safety: belongs to one reader.
// Ownership and lifetime: keeps the words.
// Invariants: a method that answers false has read nothing; one that answers true has read what it
//   names.
#pragma once

#include <charconv>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace tenter::fuzz {

class Words {
 public:
  // Commas are spaces, an opening bracket ends its word, and a closing one is a word: "reads(a, b)"
  // has the words "reads(", "a", "b" and ")".
  explicit Words(const std::string& line) {
    std::string spaced;
    for (const char c : line)
      if (c == ')')
        spaced += " ) ";
      else
        spaced += c == ',' ? " " : c == '(' ? "( " : std::string(1, c);
    words_ = Split(spaced);
  }

  bool end() const { return next_ == words_.size(); }
  const std::string& peek() const { return end() ? none_ : words_[next_]; }

  // `phrase` may have several words.
  bool Is(std::string_view phrase) {
    size_t at = next_;
    for (const std::string& word : Split(std::string(phrase)))
      if (at == words_.size() || words_[at++] != word) return false;
    next_ = at;
    return true;
  }

  template <typename T>
  bool Number(T* number, std::string_view prefix = "", std::string_view suffix = "") {
    std::string_view word = peek();
    if (word.size() < prefix.size() + suffix.size()) return false;
    if (!word.starts_with(prefix) || !word.ends_with(suffix)) return false;
    word = word.substr(prefix.size(), word.size() - prefix.size() - suffix.size());
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), *number);
    if (error != std::errc() || end != word.data() + word.size()) return false;
    ++next_;
    return true;
  }

  // The number of a letter: 0 is a, 26 is a1.
  bool Letter(int* letter) {
    const std::string& word = peek();
    if (word.empty() || word[0] < 'a' || word[0] > 'z') return false;
    const bool one_digit = word.size() == 2 && word[1] >= '1' && word[1] <= '9';
    if (word.size() > 1 && !one_digit) return false;
    *letter = word[0] - 'a' + (one_digit ? 26 * (word[1] - '0') : 0);
    ++next_;
    return true;
  }

 private:
  static std::vector<std::string> Split(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
  }

  std::vector<std::string> words_;
  size_t next_ = 0;
  const std::string none_;
};

}  // namespace tenter::fuzz
