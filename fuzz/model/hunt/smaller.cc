#include "fuzz/model/hunt/smaller.h"

#include <algorithm>

#include "fuzz/model/oracle/oracle.h"
#include "fuzz/model/program/program.h"

namespace tenter::fuzz::model {
namespace {

Program Parsed(const std::string& text) { return ParseLines(text).value(); }

// The header with one option at its simplest.
Lines SimplerHeader(const Program& program) {
  Lines simpler;
  const auto with = [&](auto change) {
    Program candidate = program;
    change(candidate);
    if (HeaderText(candidate) != HeaderText(program)) simpler.push_back(HeaderText(candidate));
  };
  with([](Program& p) { p.noise = 0; });
  with([](Program& p) { p.waiting = 0; });
  with([](Program& p) { p.waiting = std::min(p.waiting, 2); });
  with([](Program& p) { p.batch = 1; });
  with([](Program& p) { p.batch = std::min(p.batch, 2); });
  with([](Program& p) { p.intra = 1; });
  with([](Program& p) { p.intra = std::min(p.intra, 2); });
  with([](Program& p) { p.way = TGT_WAY_DEFAULT; });
  with([](Program& p) { p.way = TGT_WAY_SERIAL; });
  with([](Program& p) { p.ops = 1; });
  with([](Program& p) { p.workers = 1; });
  with([](Program& p) { p.flight = 1; });
  with([](Program& p) { p.flight = std::max<int64_t>(1, p.flight - 1); });
  with([](Program& p) { p.plans = 16; });
  with([](Program& p) { p.refuse = false; });
  with([](Program& p) { p.safe = true; });
  with([](Program& p) { p.reference = false; });
  return simpler;
}

Lines SimplerCall(const Call& call) {
  Lines simpler;
  const auto with = [&](auto change) {
    Call candidate = call;
    change(candidate);
    if (!(candidate == call)) simpler.push_back(ToText(candidate));
  };
  with([](Call& c) { c.caller = 0; });
  with([](Call& c) { c.op = 0; });
  if (call.verb != Verb::kCall) return simpler;
  with([](Call& c) { c.later = c.withdrawn = false, c.within = c.priority = 0; });
  with([](Call& c) { c.withdrawn = false; });
  with([](Call& c) { c.within = 0; });
  with([](Call& c) { c.priority = 0; });
  with([](Call& c) { c.times = 1; });
  with([](Call& c) { c.times = (c.times + 1) / 2; });
  with([](Call& c) { c.times = std::max(1, c.times - 1); });
  with([](Call& c) { c.size = std::min<int64_t>(c.size, 1); });
  with([](Call& c) { c.seed = c.seed % 2; });
  return simpler;
}

// A node that reads an earlier value of the same kind and dims, or has an attribute less. What
// lies between is read by nobody then, and can go.
Lines SimplerNode(const Program& program, const Node& node) {
  Lines simpler;
  const int64_t size = *SizesOf(program).rbegin();
  const Result<Values> values = Compute(program.graph, InputsOf(program.graph, size, 0));
  if (!values.ok()) return simpler;
  std::vector<std::string> earlier;
  for (const Input& input : program.graph.inputs) earlier.push_back(input.name);
  for (const Node& other : program.graph.nodes) {
    if (other.name == node.name) break;
    for (size_t i = 0; i < OutputsOf(other); ++i) earlier.push_back(OutputName(other, i));
  }
  const auto like = [&](const std::string& a, const std::string& b) {
    return values->at(a).dims == values->at(b).dims &&
           values->at(a).integers == values->at(b).integers &&
           values->at(a).truths == values->at(b).truths;
  };
  for (const std::string& value : earlier)
    if (node.op != "Identity" && OutputsOf(node) == 1 && like(value, node.name))
      simpler.push_back(ToText(Node{.name = node.name, .op = "Identity", .operands = {value}}));
  for (size_t i = 0; i < node.operands.size(); ++i)
    for (const std::string& value : earlier) {
      if (value == node.operands[i]) break;  // only what stands before it is simpler
      if (!values->contains(node.operands[i]) || !like(value, node.operands[i])) continue;
      Node candidate = node;
      candidate.operands[i] = value;
      simpler.push_back(ToText(candidate));
    }
  for (size_t i = 0; i < node.attributes.size(); ++i) {
    Node candidate = node;
    candidate.attributes.erase(candidate.attributes.begin() + static_cast<int64_t>(i));
    simpler.push_back(ToText(candidate));
  }
  return simpler;
}

// Nodes that fit, at every size.
void MendGraph(Program* p) {
  const std::set<int64_t> sizes = SizesOf(*p);
  std::vector<Values> values = ValuesOfInputs(p->graph, {sizes.begin(), sizes.end()});
  std::erase_if(p->graph.nodes, [&](const Node& node) { return !AddAtEverySize(node, &values); });
  std::erase_if(p->graph.outputs,
                [&](const std::string& output) { return !values[0].contains(output); });
  if (p->graph.outputs.empty() && !p->graph.nodes.empty())
    p->graph.outputs.push_back(p->graph.nodes.back().name);
}

}  // namespace

std::optional<std::string> Mend(const std::string& text) {
  Result<Program> parsed = ParseLines(text);
  if (!parsed.ok() || !Has(*parsed, Verb::kCall)) return std::nullopt;
  MendGraph(&*parsed);
  std::erase_if(parsed->faults, [&](const Fault& fault) {
    const auto& nodes = parsed->graph.nodes;
    return fault.place == Place::kNode &&
           std::none_of(nodes.begin(), nodes.end(),
                        [&](const Node& node) { return node.name == fault.node; });
  });
  std::string mended = ToText(*parsed);
  if (!ParseProgram(mended).ok()) return std::nullopt;
  return mended;
}

Lines SimplerLine(const Lines& lines, size_t i) {
  const Program program = Parsed(JoinLines(lines));
  if (i == 0) return SimplerHeader(program);
  const std::string& line = lines[i];
  if (const auto node = ParseNode(line); node) return SimplerNode(program, *node);
  if (line.size() > 2 && line[0] == 'c' && line[2] == ':')
    return SimplerCall(Parsed(lines[0] + "\n" + line + "\n").calls[0]);
  if (line.starts_with("fault ")) {
    Fault fault = Parsed(lines[0] + "\n" + line + "\n").faults[0];
    Lines simpler;
    for (const auto& [each, hit] : {std::pair{false, int64_t{1}}, {true, int64_t{1}}}) {
      Program one{.faults = {fault}};
      one.faults[0].each = each;
      one.faults[0].hit = hit;
      if (!(one.faults[0] == fault)) simpler.push_back(SplitLines(ToText(one))[1]);
    }
    return simpler;
  }
  return {};
}

}  // namespace tenter::fuzz::model
