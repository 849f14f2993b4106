#include "fuzz/api/program.h"

#include <algorithm>
#include <array>
#include <set>
#include <sstream>

#include "fuzz/api/words.h"

namespace tenter::fuzz::api {
namespace {

using enum Kind;

// "h7" is 7; -1 for what is no handle.
int HandleNumber(const std::string& word) {
  if (word.size() < 2 || word.size() > 3 || word[0] != 'h' ||
      word.find_first_not_of("0123456789", 1) != std::string::npos)
    return -1;
  const int number = std::atoi(word.c_str() + 1);
  return number < kMostHandles ? number : -1;
}

// "noise 7"; false for another line, and for a seed that is none.
bool ParseNoise(const std::string& text, uint64_t* noise) {
  std::istringstream in(text);
  std::string word;
  return in >> word && word == "noise" && (in >> std::ws).peek() != '-' && in >> *noise &&
         *noise != 0 && !(in >> word);
}

// How many letters must be put in, taken out or exchanged to make the one of the other.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t exchanged = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, exchanged});
    }
  }
  return row[b.size()];
}

// The names that somebody may have meant, or all that there are.
std::string NamesLike(const std::string& verb) {
  std::string near, all;
  for (const VerbType& type : VerbTypes()) {
    const bool begins = !verb.empty() && type.name.starts_with(verb);
    if (begins || Distance(type.name, verb) <= 2) near += " " + std::string(type.name);
    all += " " + std::string(type.name);
  }
  return near.empty() ? "no call; there are" + all : "no call; did you mean" + near;
}

Status ParseHandle(std::istringstream& in, int least, int* handle) {
  std::string word;
  in >> word;
  *handle = HandleNumber(word);
  if (*handle >= least) return {};
  return Wrong(
      word, "a handle is h" + std::to_string(least) + " to h" + std::to_string(kMostHandles - 1));
}

Status ParseLine(const std::string& text, Line* line) {
  std::istringstream in(text);
  std::string who, verb, arrow;
  in >> who >> verb;
  if (who.size() != 3 || who[0] != 't' || who[2] != ':' || who[1] < '0' ||
      who[1] >= '0' + kMostThreads)
    return Wrong(who, "a line begins with its thread, t0: to t2:");
  line->thread = who[1] - '0';
  const auto types = VerbTypes();
  const auto type = std::find_if(types.begin(), types.end(),
                                 [&](const VerbType& candidate) { return candidate.name == verb; });
  if (type == types.end()) return Wrong(verb, NamesLike(verb));
  line->verb = type->verb;
  for (int i = 0; i < 2 && type->needs[i] != kNone; ++i)
    TENTER_RETURN_IF_ERROR(ParseHandle(in, 0, &line->handles[i]));
  if (type->makes != kNone) {
    if (!(in >> arrow) || arrow != "->")
      return Wrong(arrow, "here stands '->' and the handle that it makes");
    TENTER_RETURN_IF_ERROR(ParseHandle(in, 1, &line->made));
  }
  return ParseWords(in, line);
}

Status AtLine(int number, const std::string& what) {
  return {StatusCode::kInvalidArgument, "line " + std::to_string(number) + " " + what};
}

// Whatever line makes it: that of another thread may come earlier.
std::set<int> Made(const Program& program) {
  std::set<int> made = {0};
  for (const Line& line : program.lines) made.insert(line.made);
  return made;
}

// A program, and which lines of its text are its calls.
struct Text {
  Program program;
  std::vector<int> numbers;
};

Result<Text> ParseLines(const std::string& text) {
  Text parsed;
  Program& program = parsed.program;
  std::istringstream in(text);
  std::set<int> made;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (number == 1 && ParseNoise(line, &program.noise)) continue;
    if (program.end_waits)
      return AtLine(number, "comes behind '" + std::string(kEndWaits) + "': '" + line + "'");
    if (line == kEndWaits) {
      program.end_waits = true;
      continue;
    }
    Line& call = program.lines.emplace_back();
    parsed.numbers.push_back(number);
    if (const Status status = ParseLine(line, &call); !status.ok())
      return AtLine(number, "is none of a program, " + status.message());
    if (call.made != 0 && !made.insert(call.made).second)
      return AtLine(number, "makes a handle that was made: " + line);
  }
  if (program.lines.empty()) return Status(StatusCode::kInvalidArgument, "the program is empty");
  return parsed;
}

}  // namespace

std::string ToText(const Line& line) {
  const VerbType& type = TypeOf(line.verb);
  std::string text = "t" + std::to_string(line.thread) + ": " + std::string(type.name);
  for (int i = 0; i < 2 && type.needs[i] != kNone; ++i)
    text += " h" + std::to_string(line.handles[i]);
  if (type.makes != kNone) text += " -> h" + std::to_string(line.made);
  return text + WordsText(line);
}

std::string ToText(const Program& program) {
  std::string text = program.noise == 0 ? "" : "noise " + std::to_string(program.noise) + "\n";
  for (const Line& line : program.lines) text += ToText(line) + "\n";
  if (program.end_waits) text += std::string(kEndWaits) + "\n";
  return text;
}

Result<Line> ParseLine(const std::string& text) {
  Line line;
  TENTER_RETURN_IF_ERROR(ParseLine(text, &line));
  return line;
}

Result<Program> ParseProgram(const std::string& text) {
  TENTER_ASSIGN_OR_RETURN(Text parsed, ParseLines(text));
  const std::set<int> made = Made(parsed.program);
  for (size_t i = 0; i < parsed.program.lines.size(); ++i)
    for (const int handle : parsed.program.lines[i].handles)
      if (!made.contains(handle))
        return AtLine(parsed.numbers[i], "is none of a program: h" + std::to_string(handle) +
                                             " is made by no line; h0 is NULL");
  return std::move(parsed.program);
}

Result<Program> MendProgram(const std::string& text) {
  TENTER_ASSIGN_OR_RETURN(Text parsed, ParseLines(text));
  const std::set<int> made = Made(parsed.program);
  for (Line& line : parsed.program.lines)
    for (int& handle : line.handles)
      if (!made.contains(handle)) handle = 0;
  return std::move(parsed.program);
}

int Threads(const Program& program) {
  int threads = 1;
  for (const Line& line : program.lines) threads = std::max(threads, line.thread + 1);
  return threads;
}

}  // namespace tenter::fuzz::api
