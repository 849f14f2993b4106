#include "fuzz/iterator/program.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

#include "fuzz/frame/word_reader.h"
#include "fuzz/iterator/number.h"

namespace tenter::fuzz::iterator {
namespace {

constexpr std::array<std::string_view, 14> kRows = {"good",   "crlf", "spaced",  "signed", "blank",
                                                    "spaces", "long", "short",   "word",   "range",
                                                    "nul",    "hole", "endless", "number"};
constexpr std::array<std::string_view, 3> kFiles = {"rows", "missing", "directory"};
constexpr std::array<std::string_view, 3> kPlaces = {"open", "next", "reset"};
constexpr std::array<std::string_view, 4> kVerbs = {"next", "reset", "skipped", "close"};
constexpr std::array<std::string_view, 5> kTypes = {"float32", "float64", "int32", "int64",
                                                    "uint8"};
constexpr std::array<std::string_view, 2> kNoYes = {"no", "yes"};

constexpr int64_t kMost = 1'000'000;

// A reader's limit is a megabyte where a row has few columns. Each line is longer than that by
// another part of a reader's buffer, or by several: a reader that notices the limit may be at the
// end of the line, or have to skip what is left.
constexpr size_t kEndlessBytes = (1 << 20) + 1, kLongerByLine = 70'001;

void ParseHeader(WordReader* words, Program* p) {
  words->Is("columns"), words->Number_<int64_t>(1, 64, &p->columns);
  words->Is("dtype"), words->One(kTypes, &p->dtype);
  words->Is("batch"), words->Number_<int64_t>(1, kMost, &p->batch);
  words->Is("round"), words->One(kNoYes, &p->round);
  words->Is("prefetch"), words->Number_<int64_t>(1, kMost, &p->prefetch);
  words->Is("skip"), words->Number_<int64_t>(0, kMost, &p->skip);
  words->Is("file"), words->One(kFiles, &p->file);
  words->Is("mark"), words->One(kNoYes, &p->mark);
  words->Is("newline"), words->One(kNoYes, &p->newline);
  words->Is("noise"), words->Number_<uint64_t>(0, UINT64_MAX, &p->noise);
}

// A text of blanks would be no row, and one with a comma two numbers.
void ParseRow(WordReader* words, Program* p) {
  Row& row = p->rows.emplace_back();
  words->One(kRows, &row.kind);
  if (row.kind == RowKind::kNumber) {
    row.number = words->Word();
    if (row.number.find_first_not_of('_') == std::string::npos ||
        row.number.find(',') != std::string::npos)
      words->Fail("a number without a comma or blanks, which is not only that");
  }
  if (words->more()) words->Is("until"), words->Number_<int64_t>(1, kMost, &row.until);
  if (row.until > 0 && row.kind == RowKind::kEndless)
    words->Fail("another row: an endless one goes on by itself");
}

// What means something at the place.
bool Allowed(const Fault& fault) {
  return fault.action == Action::kError || fault.place == Place::kNext ||
         (fault.place == Place::kReset && fault.action == Action::kThrow);
}

void ParseFault(WordReader* words, Program* p) {
  Fault& fault = p->faults.emplace_back();
  words->One(kPlaces, &fault.place);
  if (fault.place == Place::kNext) words->Number_<int64_t>(0, kMost, &fault.batch);
  words->One(kActions, &fault.action);
  if (words->more()) fault.once = words->Is("once");
  if (!Allowed(fault)) words->Fail("a fault that strikes at this place");
}

void ParseCall(const std::string& who, WordReader* words, Program* p) {
  Call& call = p->calls.emplace_back();
  call.consumer = who[1] - '0';
  words->One(kVerbs, &call.verb);
  if (call.verb == Verb::kNext) words->Number_(1, 1000, &call.times);
  if (call.verb == Verb::kSkipped && words->more()) words->Number_<int64_t>(0, kMost, &call.room);
}

bool IsConsumer(const std::string& word) {
  return word.size() == 3 && word[0] == 'c' && word[2] == ':' && word[1] >= '0' &&
         word[1] < '0' + kMostConsumers;
}

std::string WithBlanks(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string Spell(RowKind row, const std::string& number) {
  if (row == RowKind::kSpaced) return "  " + number + "\t";
  return (row == RowKind::kSigned ? "+" : "") + number;
}

}  // namespace

std::string ToText(const Program& p) {
  std::ostringstream out;
  out << "csv columns " << p.columns << " dtype " << Name(kTypes, p.dtype) << " batch " << p.batch
      << " round " << Name(kNoYes, p.round) << " prefetch " << p.prefetch << " skip " << p.skip
      << " file " << Name(kFiles, p.file) << " mark " << Name(kNoYes, p.mark) << " newline "
      << Name(kNoYes, p.newline) << " noise " << p.noise << "\n";
  for (const Row& row : p.rows)
    out << "row " << Name(kRows, row.kind) << (row.number.empty() ? "" : " " + row.number)
        << (row.until == 0 ? "" : " until " + std::to_string(row.until)) << "\n";
  for (const Fault& fault : p.faults) {
    out << "fault " << Name(kPlaces, fault.place);
    if (fault.place == Place::kNext) out << " " << fault.batch;
    out << " " << Name(kActions, fault.action) << (fault.once ? " once\n" : "\n");
  }
  for (const Call& call : p.calls) {
    out << "c" << call.consumer << ": " << Name(kVerbs, call.verb);
    if (call.verb == Verb::kNext) out << " " << call.times;
    if (call.room != kPlenty) out << " " << call.room;
    out << "\n";
  }
  return out.str();
}

Result<Program> ParseProgram(const std::string& text) {
  Program p;
  std::istringstream in(text);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    WordReader words(line);
    const std::string first = words.Word();
    if (number == 1 && first == "csv")
      ParseHeader(&words, &p);
    else if (number > 1 && first == "row")
      ParseRow(&words, &p);
    else if (number > 1 && first == "fault")
      ParseFault(&words, &p);
    else if (number > 1 && IsConsumer(first))
      ParseCall(first, &words, &p);
    else
      words.Fail(number == 1 ? "'csv'" : "row, fault or a consumer such as c0:");
    if (!words.ok() || words.more())
      return Status(StatusCode::kInvalidArgument, "line " + std::to_string(number) +
                                                      " is none of a program, " + words.Wrong() +
                                                      ": '" + line + "'");
  }
  if (number == 0) return Status(StatusCode::kInvalidArgument, "the program is empty");
  return p;
}

double NumberAt(const Program& p, int64_t line, int64_t column) {
  const int64_t number = (line - 1) * p.columns + column;
  return static_cast<double>(p.dtype == TGT_UINT8 ? number % 251 : number);
}

std::optional<std::string> TextAt(const Program& p, int64_t line, int64_t column) {
  const Row& row = p.rows[static_cast<size_t>(line - 1)];
  if (row.kind != RowKind::kNumber || column != line % p.columns) return std::nullopt;
  return WithBlanks(row.number);
}

bool IsGood(const Program& p, const Row& row) {
  if (row.kind != RowKind::kNumber) return row.kind <= RowKind::kSigned;
  return ElementOf(p.dtype, WithBlanks(row.number)).has_value();
}

bool IsBad(const Program& p, const Row& row) {
  return row.kind >= RowKind::kLong && !IsGood(p, row);
}

std::string LineText(const Program& p, int64_t number) {
  const RowKind row = p.rows[static_cast<size_t>(number - 1)].kind;
  if (row == RowKind::kBlank) return "";
  if (row == RowKind::kSpaces) return " \t ";
  if (row == RowKind::kEndless)
    return std::string(kEndlessBytes + static_cast<size_t>(number) * kLongerByLine, '9');
  const int64_t columns = p.columns + (row == RowKind::kLong ? 1 : row == RowKind::kShort ? -1 : 0);
  // A line without a number would be blank, and no row.
  if (columns == 0) return ",";
  std::string line;
  for (int64_t column = 0; column < columns; ++column) {
    const bool last = column == p.columns - 1;
    std::string number_text =
        Spell(row, std::to_string(static_cast<int64_t>(NumberAt(p, number, column))));
    if (last && row == RowKind::kWord) number_text = "seven";
    if (last && row == RowKind::kRange) number_text = "1e999";
    if (last && row == RowKind::kNul) number_text += std::string(1, '\0');
    if (last && row == RowKind::kHole) number_text = p.columns == 1 ? "x" : "";
    number_text = TextAt(p, number, column).value_or(number_text);
    line += (column > 0 ? "," : "") + number_text;
  }
  return line + (row == RowKind::kCrlf ? "\r" : "");
}

std::string FileText(const Program& p) {
  std::string text = p.mark ? "\xef\xbb\xbf" : "";
  for (size_t i = 0; i < p.rows.size(); ++i) {
    std::string line = LineText(p, static_cast<int64_t>(i) + 1);
    const size_t end = text.size() + line.size(), until = static_cast<size_t>(p.rows[i].until);
    // Blanks around a number mean nothing; a line of them is no row, like one without any.
    if (end < until) line.insert(line.rfind(',') + 1, until - end, ' ');
    text += line;
    if (p.newline || i + 1 < p.rows.size()) text += "\n";
  }
  return text;
}

int Consumers(const Program& p) {
  int consumers = 1;
  for (const Call& call : p.calls) consumers = std::max(consumers, call.consumer + 1);
  return consumers;
}

const char* VerbName(Verb verb) { return kVerbs[static_cast<size_t>(verb)].data(); }

}  // namespace tenter::fuzz::iterator
