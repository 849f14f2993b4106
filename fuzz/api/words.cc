#include "fuzz/api/words.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

namespace tenter::fuzz::api {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 5> kSizes = {"whole", "short", "tail", "more", "none"};
constexpr std::array<std::string_view, 7> kEnds = {"ok",   "fail",   "done", "completion_fails",
                                                   "drop", "awaits", "woken"};
constexpr std::array<std::string_view, 2> kDeleterEnds = {"ok", "fail"};  // as kEnds begins
constexpr std::array<std::string_view, 7> kAfters = {"soon", "now",      "far",  "most",
                                                     "zero", "negative", "least"};
constexpr std::array<std::string_view, 3> kRuns = {"one", "both", "neither"};
constexpr std::array<std::string_view, 5> kOpTimeouts = {"none", "far", "most", "negative",
                                                         "least"};
constexpr std::array<std::string_view, kIntos> kInto = {"nothing",  "half",  "right", "large",
                                                        "dims",     "small", "empty", "dtype",
                                                        "no_dtype", "owned", "few",   "many"};

constexpr std::array<std::string_view, kInputs> kFrom = {
    "right", "long", "short",   "empty", "null",     "dims", "negative",
    "huge",  "rank", "no_rank", "dtype", "no_dtype", "few",  "many"};

struct Word {
  std::string_view name;
  bool (*fits)(const Line& line);
  int64_t (*get)(const Line& line);
  void (*set)(Line* line, int64_t value);
  Names names = {};  // of its values; without them they are numbers
  int64_t least = 0, most = 0;
  bool is_flag() const { return names.empty() && least == most; }
};

template <auto kField>
int64_t Get(const Line& line) {
  return static_cast<int64_t>(line.*kField);
}
template <auto kField>
void Set(Line* line, int64_t value) {
  using Value = std::remove_reference_t<decltype(line->*kField)>;
  line->*kField = static_cast<Value>(value);
}
// Words by the field that they fill.
template <auto kField>
constexpr Word Flag(std::string_view name, bool (*fits)(const Line&)) {
  return {name, fits, Get<kField>, Set<kField>};
}
template <auto kField>
constexpr Word Named(std::string_view name, bool (*fits)(const Line&), Names names) {
  return {name, fits, Get<kField>, Set<kField>, names};
}
template <auto kField>
constexpr Word Number(std::string_view name, bool (*fits)(const Line&), int64_t least,
                      int64_t most) {
  return {name, fits, Get<kField>, Set<kField>, {}, least, most};
}

bool Sized(const Line& line) { return HasSize(line.verb); }
bool Longer(const Line& line) { return HasSize(line.verb) && IsLonger(line.size); }
bool Odd(const Line& line) { return HasSize(line.verb) && line.size == Size::kMore; }
bool Deleting(const Line& line) { return line.verb == Verb::kDeleteVar; }
bool Ending(const Line& line) { return HasEnd(line.verb) && !Deleting(line); }
bool OneOp(const Line& line) { return HasOneOp(line.verb); }
bool Coded(const Line& line) { return HasEnd(line.verb) && HasCode(line.ends); }
bool Timed(const Line& line) { return line.verb == Verb::kScopeTimeout; }
bool Invoking(const Line& line) { return line.verb == Verb::kInvoke; }
bool Several(const Line& line) {
  return line.verb == Verb::kMakeProgram || line.verb == Verb::kFailLate;
}
bool Roomy(const Line& line) { return HasRoom(line.verb); }
bool Always(const Line&) { return true; }
// What it makes would have the numbers of strangers there.
bool Elsewhere(const Line& line) { return line.verb != Verb::kFailLate; }

// A word comes behind those that say whether it fits.
constexpr std::array kWords = std::to_array<Word>({
    Flag<&Line::other>("other", Elsewhere),
    Flag<&Line::noerror>("noerror", Always),
    Named<&Line::size>("size", Sized, kSizes),
    Number<&Line::behind>("behind", Longer, 1, kMostBehind),
    Number<&Line::at>("at", Odd, 0, kMostBehind - 1),
    Number<&Line::byte>("byte", Odd, 1, 255),
    Named<&Line::ends>("ends", Ending, kEnds),
    Named<&Line::ends>("ends", Deleting, kDeleterEnds),
    Named<&Line::runs>("runs", OneOp, kRuns),
    Named<&Line::timeout>("timeout", OneOp, kOpTimeouts),
    Named<&Line::after>("after", Timed, kAfters),
    Number<&Line::code>("code", Coded, std::numeric_limits<tenter_code>::min(),
                        std::numeric_limits<tenter_code>::max()),
    Named<&Line::into>("into", Invoking, kInto),
    Named<&Line::from>("from", Invoking, kFrom),
    Number<&Line::ops>("ops", Several, 1, kMostOps),
    Number<&Line::room>("room", Roomy, 0, kMostRoom),
    Number<&Line::meet>("meet", Always, 0, kMostMeet),
});

bool IsUsual(const Word& word, int64_t value) { return value == word.get(Line{}); }

std::string ValueText(const Word& word, int64_t value) {
  return word.names.empty() ? std::to_string(value)
                            : std::string(word.names[static_cast<size_t>(value)]);
}

// As it is written: "7", never "07"; and nothing that goes without saying.
bool ParseValue(const Word& word, const std::string& text, int64_t* value) {
  if (word.names.empty()) {
    std::from_chars(text.data(), text.data() + text.size(), *value);
    return text == std::to_string(*value) && *value >= word.least && *value <= word.most &&
           !IsUsual(word, *value);
  }
  *value = std::find(word.names.begin(), word.names.end(), text) - word.names.begin();
  return *value < static_cast<int64_t>(word.names.size()) && !IsUsual(word, *value);
}

// What could have stood where `value` stands.
std::string Values(const Word& word) {
  std::string text = "'" + std::string(word.name) + "' is one of";
  if (word.names.empty())
    return "'" + std::string(word.name) + "' is a number from " + std::to_string(word.least) +
           " to " + std::to_string(word.most) + " other than " + std::to_string(word.get(Line{}));
  for (size_t i = 0; i < word.names.size(); ++i)
    if (!IsUsual(word, static_cast<int64_t>(i))) text += " " + std::string(word.names[i]);
  return text;
}

std::string WordsOf(const Line& line) {
  std::string text = "here may stand one of";
  for (const Word& word : kWords)
    if (word.fits(line)) text += " " + std::string(word.name);
  return text;
}

}  // namespace

Status Wrong(const std::string& word, const std::string& why) {
  return {StatusCode::kInvalidArgument,
          (word.empty() ? "at its end: " : "at '" + word + "': ") + why};
}

Status ParseWords(std::istringstream& in, Line* line) {
  for (std::string name, text; in >> name;) {
    const auto word = std::find_if(kWords.begin(), kWords.end(), [&](const Word& candidate) {
      return candidate.name == name && candidate.fits(*line);
    });
    if (word == kWords.end()) return Wrong(name, WordsOf(*line));
    int64_t value = 1;
    if (!word->is_flag()) {
      if (!(in >> text)) return Wrong(name, "it has no value");
      if (!ParseValue(*word, text, &value)) return Wrong(text, Values(*word));
    }
    word->set(line, value);
    if (Awaits(line->ends) && line->verb != Verb::kPushScoped)
      return Wrong(text, "only an op of a push_scoped is told of a cancel");
  }
  if (line->at >= line->behind)
    return Wrong(std::to_string(line->at), "so far behind no byte stands");
  return {};
}

std::string WordsText(const Line& line) {
  std::string text;
  for (const Word& word : kWords) {
    const int64_t value = word.get(line);
    if (!word.fits(line) || IsUsual(word, value)) continue;
    text += " " + std::string(word.name);
    if (!word.is_flag()) text += " " + ValueText(word, value);
  }
  return text;
}

std::vector<Line> SimplerWords(const Line& line) {
  std::vector<Line> simpler;
  for (const Word& word : kWords) {
    if (!word.fits(line) || IsUsual(word, word.get(line))) continue;
    word.set(&simpler.emplace_back(line), word.get(Line{}));
  }
  return simpler;
}

}  // namespace tenter::fuzz::api
