#include "harness/faults/fault_plan.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "harness/faults/fault_actions.h"
#include "harness/faults/nearest.h"

namespace tenter {
namespace {

const std::vector<std::string> kTypes = {"runtime_error", "logic_error", "out_of_range", "int"};
const std::vector<std::string> kFilters = {"op", "thread", "request", "worker"};

// An hour: whoever asks for more means another unit.
constexpr int64_t kDelayUsMax = 3'600'000'000;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<FaultPlan> Plan() {
    FaultPlan plan;
    while (true) {
      SkipSpace();
      if (AtEnd()) return plan;
      TENTER_ASSIGN_OR_RETURN(FaultItem item, Item());
      plan.items.push_back(std::move(item));
      SkipSpace();
      if (!AtEnd() && !Take(';')) return Expected("';' or the end");
    }
  }

 private:
  Result<FaultItem> Item() {
    const size_t begin = at_;
    FaultItem item;
    item.site_glob = Until("@=");
    if (item.site_glob.empty()) return Expected("a site");
    if (Take('@')) {
      do TENTER_RETURN_IF_ERROR(Filter(&item));
      while (Take(','));
    }
    if (!Take('=')) return Expected("'='");
    do {
      TENTER_ASSIGN_OR_RETURN(FaultTerm term, Term());
      item.terms.push_back(std::move(term));
      SkipSpace();
    } while (TakeText("->"));
    item.text = std::string(text_.substr(begin, at_ - begin));
    return item;
  }

  Status Filter(FaultItem* item) {
    SkipSpace();
    const std::string name = Until(":,=;");
    if (!Take(':')) return Expected("':' after filter '" + name + "'");
    const std::string value = Peek() == '"' ? Quoted() : Until(",=;");
    if (name == "op") {
      item->op_glob = value;
    } else if (name == "thread") {
      item->thread_glob = value;
    } else if (name == "request" || name == "worker") {
      int64_t number = 0;
      if (!ParseNumber(value, &number)) return Expected("a number for filter '" + name + "'");
      if (name == "request")
        item->request = number;
      else
        item->worker = static_cast<int>(number);
    } else {
      return Unknown("filter", name, kFilters);
    }
    return {};
  }

  Result<FaultTerm> Term() {
    FaultTerm term;
    while (true) {
      SkipSpace();
      if (std::isdigit(static_cast<unsigned char>(Peek()))) {
        TENTER_RETURN_IF_ERROR(Percent(&term));
        continue;
      }
      const size_t begin = at_;
      const std::string word = Word();
      if (word == "once") {
        term.once = true;
      } else if (word == "nth" || word == "every") {
        TENTER_ASSIGN_OR_RETURN(const uint64_t count, Count(word));
        (word == "nth" ? term.nth : term.every) = count;
      } else {
        TENTER_RETURN_IF_ERROR(Action(word, &term));
        term.text = std::string(text_.substr(begin, at_ - begin));
        return term;
      }
    }
  }

  Status Percent(FaultTerm* term) {
    const std::string number = Until("%");
    double percent = -1;
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), percent);
    if (!Take('%') || error != std::errc() || end != number.data() + number.size() || percent < 0 ||
        percent > 100)
      return Expected("a percentage from 0 to 100, such as 2.5%");
    term->percent = percent;
    return {};
  }

  Result<uint64_t> Count(const std::string& word) {
    int64_t count = 0;
    if (!Take('(') || !ParseNumber(Until(")"), &count) || count < 1 || !Take(')'))
      return Expected("a positive number, as in " + word + "(3)");
    return static_cast<uint64_t>(count);
  }

  Status Action(const std::string& word, FaultTerm* term) {
    const FaultActionType* const type = FindFaultAction(word);
    if (type == nullptr) return Unknown("action", word, ActionWords());
    term->action = type->action;
    switch (type->arguments) {
      case FaultArguments::kNone:
        return {};
      case FaultArguments::kTypeAndMessage:
        return TypeAndMessage(term);
      case FaultArguments::kCode:
        return Code(term);
      case FaultArguments::kMicroseconds:
        return Microseconds(term);
    }
    return {};
  }

  Status TypeAndMessage(FaultTerm* term) {
    if (!Take('(')) return Expected("'(' as in throw(runtime_error,\"boom\")");
    term->type = Word();
    if (std::find(kTypes.begin(), kTypes.end(), term->type) == kTypes.end())
      return Unknown("exception type", term->type, kTypes);
    SkipSpace();
    if (!Take(',')) return Expected("',' and a message in quotes");
    SkipSpace();
    if (Peek() != '"') return Expected("a message in quotes");
    term->message = Quoted();
    SkipSpace();
    return Take(')') ? Status() : Expected("')'");
  }

  Status Code(FaultTerm* term) {
    if (!Take('(')) return Expected("'(' as in error(data_loss)");
    const std::string name = Until(")");
    const std::optional<StatusCode> code = StatusCodeFromName(name);
    if (!code || *code == StatusCode::kOk) return Unknown("code", name, CodeNames());
    term->code = *code;
    return Take(')') ? Status() : Expected("')'");
  }

  Status Microseconds(FaultTerm* term) {
    int64_t low = 0, high = 0;
    if (!Take('(')) return Expected("'(' as in delay(100..500), in microseconds");
    const size_t begin = at_;
    const std::string text = Until(");");
    const size_t dots = text.find("..");
    const bool right = dots == std::string::npos ? ParseNumber(text, &low)
                                                 : ParseNumber(text.substr(0, dots), &low) &&
                                                       ParseNumber(text.substr(dots + 2), &high);
    if (dots == std::string::npos) high = low;
    if (!right || low < 0 || high < low || high > kDelayUsMax)
      return Instead(begin, text,
                     "a delay is US or LOW..HIGH, whole microseconds from 0 to " +
                         std::to_string(kDelayUsMax) +
                         " and not downwards, such as delay(100..500)");
    term->delay_us_min = static_cast<uint64_t>(low);
    term->delay_us_max = static_cast<uint64_t>(high);
    return Take(')') ? Status() : Expected("')'");
  }

  static std::vector<std::string> ActionWords() {
    std::vector<std::string> words;
    for (const FaultActionType& type : kFaultActions) words.emplace_back(type.name);
    return words;
  }

  static std::vector<std::string> CodeNames() {
    std::vector<std::string> names;
    for (int i = 1; i <= static_cast<int>(StatusCode::kInternal); ++i)
      names.emplace_back(StatusCodeName(static_cast<StatusCode>(i)));
    return names;
  }

  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  bool Take(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }
  bool TakeText(std::string_view wanted) {
    if (!text_.substr(at_).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  void SkipSpace() {
    while (std::isspace(static_cast<unsigned char>(Peek()))) ++at_;
  }
  std::string Until(std::string_view stops) {
    const size_t begin = at_;
    while (!AtEnd() && stops.find(text_[at_]) == std::string_view::npos) ++at_;
    std::string_view part = text_.substr(begin, at_ - begin);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    return std::string(part);
  }
  std::string Word() {
    const size_t begin = at_;
    while (std::isalnum(static_cast<unsigned char>(Peek())) || Peek() == '_') ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }
  std::string Quoted() {
    ++at_;
    std::string value = Until("\"");
    Take('"');
    return value;
  }
  static bool ParseNumber(const std::string& text, int64_t* number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
    return error == std::errc() && end == text.data() + text.size();
  }

  // For a value that was read as a whole, and is wrong as a whole.
  static Status Instead(size_t begin, const std::string& found, const std::string& what) {
    return {StatusCode::kInvalidArgument,
            "fault plan, column " + std::to_string(begin + 1) + ": '" + found + "': " + what};
  }
  Status Expected(const std::string& what) const {
    return {StatusCode::kInvalidArgument,
            "fault plan, column " + std::to_string(at_ + 1) + ": expected " + what + ", found '" +
                std::string(text_.substr(std::min(at_, text_.size()), 20)) + "'"};
  }
  static Status Unknown(const std::string& kind, const std::string& name,
                        const std::vector<std::string>& known) {
    return {StatusCode::kInvalidArgument,
            "fault plan: unknown " + kind + " '" + name + "'" + DidYouMean(name, known)};
  }

  const std::string_view text_;
  size_t at_ = 0;
};

Status CheckItem(const FaultItem& item, std::span<const Site* const> sites) {
  uint32_t allowed = 0;
  std::vector<std::string> names;
  for (const Site* site : sites) {
    names.emplace_back(site->name);
    if (GlobMatches(item.site_glob, site->name)) allowed |= site->actions;
  }
  if (allowed == 0)
    return {StatusCode::kInvalidArgument, "fault plan: unknown site '" + item.site_glob + "'" +
                                              DidYouMean(item.site_glob, names)};
  for (const FaultTerm& term : item.terms)
    if (term.action != 0 && (term.action & allowed) == 0) {
      std::string list;
      for (const std::string& name : ActionNames(allowed)) list += " " + name;
      return {StatusCode::kInvalidArgument, "fault plan: action '" + term.text +
                                                "' means nothing at site '" + item.site_glob +
                                                "', which allows:" + list};
    }
  return {};
}

}  // namespace

Result<FaultPlan> ParseFaultPlan(std::string_view text, std::span<const Site* const> sites) {
  TENTER_ASSIGN_OR_RETURN(FaultPlan plan, Parser(text).Plan());
  for (const FaultItem& item : plan.items) TENTER_RETURN_IF_ERROR(CheckItem(item, sites));
  return plan;
}

}  // namespace tenter
