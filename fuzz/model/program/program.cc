#include "fuzz/model/program/program.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

#include "fuzz/frame/word_reader.h"
#include "fuzz/model/oracle/forbidden.h"
#include "fuzz/model/oracle/oracle.h"

namespace tenter::fuzz::model {
namespace {

constexpr std::array<std::string_view, 2> kThreads = {"single", "safe"};
constexpr std::array<std::string_view, 2> kFull = {"wait", "refuse"};
constexpr std::array<std::string_view, 2> kKernels = {"fast", "reference"};
constexpr std::array<std::string_view, TGT_WAYS> kWays = {"own", "serial", "inline", "dataflow",
                                                          "direct"};
constexpr std::array<std::string_view, 2> kHits = {"hit", "each"};
constexpr std::array<std::string_view, 6> kVerbs = {"call", "bad",  "look",
                                                    "free", "stop", "cancel"};
constexpr std::array<std::string_view, 4> kBads = {"rank", "type", "count", "size"};
constexpr std::array<std::string_view, 2> kOps = {"a", "b"};

void ParseHeader(WordReader* words, Program* p) {
  words->Is("threads"), words->One(kThreads, &p->safe);
  words->Is("workers"), words->Number_(0, 16, &p->workers);
  words->Is("flight"), words->Number_<int64_t>(1, 64, &p->flight);
  words->Is("full"), words->One(kFull, &p->refuse);
  words->Is("plans"), words->Number_<int64_t>(1, 64, &p->plans);
  words->Is("kernels"), words->One(kKernels, &p->reference);
  words->Is("ops"), words->Number_(1, kMostOps, &p->ops);
  words->Is("noise"), words->Number_<uint64_t>(0, UINT64_MAX, &p->noise);
  while (words->more()) {
    const std::string word = words->Word();
    if (word == "waiting")
      words->Number_(1, kMostCallers, &p->waiting);
    else if (word == "way")
      words->One(kWays, &p->way);
    else if (word == "batch")
      words->Number_(2, 128, &p->batch);
    else if (word == "intra")
      words->Number_(2, 8, &p->intra);
    else
      return words->Fail("'waiting', 'way', 'batch' or 'intra'");
  }
}

void ParseFault(WordReader* words, Program* p) {
  Fault& fault = p->faults.emplace_back();
  const std::string where = words->Word();
  fault.place = where == "compile" ? Place::kCompile
                : where == "arena" ? Place::kArena
                                   : Place::kNode;
  if (fault.place == Place::kNode) fault.node = where;
  words->One(kActions, &fault.action);
  words->One(kHits, &fault.each);
  words->Number_<int64_t>(1, 1000, &fault.hit);
  // The site of an arena reports errors and lacks of memory; it does not throw.
  if (fault.place == Place::kArena && fault.action == Action::kThrow)
    words->Fail("error or memory: the site of an arena does not throw");
}

void ParseCall(const std::string& who, WordReader* words, Program* p) {
  Call& call = p->calls.emplace_back();
  call.caller = who[1] - '0';
  words->One(kVerbs, &call.verb);
  if (IsStop(call.verb)) return;
  words->One(kOps, &call.op);
  if (call.op >= p->ops) words->Fail("one of the ops of the first line");
  if (call.verb == Verb::kBad) words->One(kBads, &call.bad);
  if (call.verb != Verb::kCall) return;
  words->Is("size"), words->Number_<int64_t>(0, 16, &call.size);
  words->Is("seed"), words->Number_<uint64_t>(0, 1'000'000, &call.seed);
  words->Is("times"), words->Number_(1, 1000, &call.times);
  if (!words->more()) return;
  words->Is("later");
  call.later = true;
  while (words->more()) {
    const std::string word = words->Word();
    if (word == "withdrawn")
      call.withdrawn = true;
    else if (word == "within")
      words->Number_(1, 1'000'000, &call.within);
    else if (word == "priority")
      words->Number_(-9, 9, &call.priority);
    else
      return words->Fail("'withdrawn', 'within' or 'priority'");
  }
}

bool IsCaller(const std::string& word) {
  return word.size() == 3 && word[0] == 'c' && word[2] == ':' && word[1] >= '0' &&
         word[1] < '0' + kMostCallers;
}

template <typename Part>
void Keep(std::optional<Part> part, std::vector<Part>* parts, WordReader* words) {
  if (part.has_value())
    parts->push_back(std::move(*part));
  else
    words->Fail("a line as fuzz/model/graph/graph.h shows it");
}

// Parts stand in the order of the file: what a later one names must be there.
void ParseLine(int number, const std::string& line, WordReader* words, Program* p) {
  const std::string first = words->Word();
  if (number == 1 && first == "model") return ParseHeader(words, p);
  if (number == 1) return words->Fail("'model'");
  if (first == "fault") return ParseFault(words, p);
  if (IsCaller(first)) return ParseCall(first, words, p);
  if (first == "output") return p->graph.outputs.push_back(words->Word());
  if (first == "wrong") {
    const bool is_first = !p->graph.wrong.has_value();
    p->graph.wrong = ParseWrong(line);
    if (!is_first || !p->graph.wrong.has_value())
      words->Fail(is_first ? "a wrong model as fuzz/model/graph/graph.h shows it" : "one at most");
    while (words->more()) words->Word();
    return;
  }
  if (first == "input")
    Keep(ParseInput(line), &p->graph.inputs, words);
  else
    Keep(ParseNode(line), &p->graph.nodes, words);
  while (words->more()) words->Word();
}

Status CheckGraph(const Program& p) {
  const auto invalid = [](const std::string& what) {
    return Status(StatusCode::kInvalidArgument, what);
  };
  if (!Has(p, Verb::kCall))
    return invalid("nobody calls; a call is written 'c0: call a size 1 seed 1 times 1'");
  for (const int64_t size : SizesOf(p)) {
    TENTER_ASSIGN_OR_RETURN(const Values values, Compute(p.graph, InputsOf(p.graph, size, 0)));
    if (p.graph.wrong.has_value() && !IsForbidden(p.graph, values))
      return invalid("'" + ToText(*p.graph.wrong) + "' is allowed, or no output needs the node");
  }
  if (p.graph.wrong.has_value() && (!p.faults.empty() || Has(p, Verb::kFree) || Stops(p)))
    return invalid("a wrong model is one whose calls nothing else stops: no fault, free or stop");
  if (p.batch > 1 && (!p.safe || p.way == TGT_WAY_INLINE || p.way == TGT_WAY_DATAFLOW))
    return invalid("'batch' goes with threads safe and way serial or direct");
  if (p.graph.outputs.empty() || p.graph.nodes.empty())
    return invalid("a model needs a node and an output");
  for (const Fault& fault : p.faults)
    if (fault.place == Place::kNode &&
        std::none_of(p.graph.nodes.begin(), p.graph.nodes.end(),
                     [&](const Node& node) { return node.name == fault.node; }))
      return invalid("a fault strikes '" + fault.node + "', and no node is called so");
  return {};
}

}  // namespace

std::string HeaderText(const Program& p) {
  std::ostringstream out;
  out << "model threads " << Name(kThreads, p.safe) << " workers " << p.workers << " flight "
      << p.flight << " full " << Name(kFull, p.refuse) << " plans " << p.plans << " kernels "
      << Name(kKernels, p.reference) << " ops " << p.ops << " noise " << p.noise;
  if (p.waiting > 0) out << " waiting " << p.waiting;
  if (p.way != TGT_WAY_DEFAULT) out << " way " << Name(kWays, p.way);
  if (p.batch > 1) out << " batch " << p.batch;
  if (p.intra > 1) out << " intra " << p.intra;
  return out.str();
}

std::string ToText(const Call& call) {
  std::ostringstream out;
  out << "c" << call.caller << ": " << Name(kVerbs, call.verb);
  if (IsStop(call.verb)) return out.str();
  out << " " << Name(kOps, call.op);
  if (call.verb == Verb::kBad) out << " " << Name(kBads, call.bad);
  if (call.verb == Verb::kCall)
    out << " size " << call.size << " seed " << call.seed << " times " << call.times;
  if (call.later) out << " later";
  if (call.within > 0) out << " within " << call.within;
  if (call.withdrawn) out << " withdrawn";
  if (call.priority != 0) out << " priority " << call.priority;
  return out.str();
}

std::string ToText(const Program& p) {
  std::ostringstream out;
  out << HeaderText(p) << "\n";
  for (const Input& input : p.graph.inputs) out << ToText(input) << "\n";
  for (const Node& node : p.graph.nodes) out << ToText(node) << "\n";
  for (const std::string& output : p.graph.outputs) out << "output " << output << "\n";
  if (p.graph.wrong.has_value()) out << ToText(*p.graph.wrong) << "\n";
  for (const Fault& fault : p.faults)
    out << "fault "
        << (fault.place == Place::kNode      ? fault.node
            : fault.place == Place::kCompile ? "compile"
                                             : "arena")
        << " " << Name(kActions, fault.action) << " " << Name(kHits, fault.each) << " " << fault.hit
        << "\n";
  for (const Call& call : p.calls) out << ToText(call) << "\n";
  return out.str();
}

Result<Program> ParseLines(const std::string& text) {
  Program p;
  std::istringstream in(text);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    WordReader words(line);
    ParseLine(++number, line, &words, &p);
    if (!words.ok() || words.more())
      return Status(StatusCode::kInvalidArgument, "line " + std::to_string(number) +
                                                      " is none of a program, " + words.Wrong() +
                                                      ": '" + line + "'");
  }
  if (number == 0) return Status(StatusCode::kInvalidArgument, "the program is empty");
  return p;
}

Result<Program> ParseProgram(const std::string& text) {
  TENTER_ASSIGN_OR_RETURN(Program p, ParseLines(text));
  TENTER_RETURN_IF_ERROR(CheckGraph(p));
  return p;
}

int Callers(const Program& p) {
  int callers = 1;
  for (const Call& call : p.calls) callers = std::max(callers, call.caller + 1);
  return callers;
}

std::set<int64_t> SizesOf(const Program& p) {
  std::set<int64_t> sizes;
  for (const Call& call : p.calls)
    if (call.verb == Verb::kCall) sizes.insert(call.size);
  return sizes;
}

bool Has(const Program& p, Verb verb) {
  return std::any_of(p.calls.begin(), p.calls.end(),
                     [verb](const Call& call) { return call.verb == verb; });
}

bool Stops(const Program& p) {
  return std::any_of(p.calls.begin(), p.calls.end(),
                     [](const Call& call) { return IsStop(call.verb); });
}

const char* VerbName(Verb verb) { return kVerbs[static_cast<size_t>(verb)].data(); }

}  // namespace tenter::fuzz::model
