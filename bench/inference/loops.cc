#include "bench/inference/loops.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "bench/measure/together.h"
#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"

namespace tenter::bench {
namespace {

// Questions at the start of a block.
constexpr int kUncounted = 3, kUncountedOfSeveral = 1;

using Clients = std::vector<std::unique_ptr<ModelClient>>;

// The clients of an entrant, and the row that they fill.
struct Lane {
  Entrant* entrant;
  Clients clients;
  Row row;
};

std::vector<Lane> LanesOf(Field& field, size_t clients, const Row& like) {
  std::vector<Lane> lanes;
  for (const std::unique_ptr<Entrant>& entrant : field.entrants()) {
    Lane& lane = lanes.emplace_back(Lane{entrant.get(), {}, like});
    lane.row.contender = entrant->name();
    lane.row.ops = 1;
    for (size_t i = 0; i < clients; ++i)
      lane.clients.push_back(entrant->contender->NewClient(field.inputs()));
  }
  return lanes;
}

void WarmUp(ModelClient& client, const FirstAnswers& first, size_t sets, int questions) {
  for (int i = 0; i < questions; ++i) {
    const size_t set = static_cast<size_t>(i) % sets;
    client.Infer(set);
    first.Check(set, client.answers());
  }
}

// Ends before anybody is measured: who still warms up would leave less to the others, and have more
// when those have ended.
void WarmUpTogether(Lane& lane, size_t sets) {
  RunTogether(lane.clients.size(), "client", [&](size_t who) {
    WarmUp(*lane.clients[who], lane.entrant->first, sets, kUncountedOfSeveral);
  });
}

// Calls `block(lane, round)` for every lane in every round.
template <typename Block>
std::vector<Row> InTurn(Field& field, std::vector<Lane> lanes, const ModelOptions& options,
                        const Block& block) {
  for (uint64_t i = 0; i < options.repeats; ++i)
    for (Entrant* entrant : field.Shuffled())
      for (Lane& lane : lanes)
        if (lane.entrant == entrant) block(lane, options.first_round + i);
  std::vector<Row> rows;
  for (Lane& lane : lanes) rows.push_back(std::move(lane.row));
  return rows;
}

void LatencyBlock(Lane& lane, uint64_t round, size_t sets, int64_t block_ns) {
  ModelClient& client = *lane.clients.front();
  WarmUp(client, lane.entrant->first, sets, kUncounted);
  std::vector<double>& latencies = lane.row.series["latency_ns"];
  const int64_t end = NowNs() + block_ns;
  for (size_t i = 0, set = 0; i == 0 || NowNs() < end; ++i, set = i % sets) {
    const int64_t start = NowNs();
    client.Infer(set);
    latencies.push_back(static_cast<double>(NowNs() - start));
    lane.entrant->first.Check(set, client.answers());
  }
  lane.row.executed = latencies.size();
  lane.row.series["round"].resize(latencies.size(), static_cast<double>(round));
}

void ClientsBlock(Lane& lane, size_t sets, int64_t block_ns) {
  WarmUpTogether(lane, sets);
  std::vector<uint64_t> counts(lane.clients.size());
  std::vector<int64_t> ends(lane.clients.size());
  const int64_t start = RunTogether(lane.clients.size(), "client", [&](size_t who) {
    ModelClient& client = *lane.clients[who];
    int64_t now = NowNs();
    const int64_t end = now + block_ns;
    for (size_t set = who % sets; now < end; set = (set + 1) % sets) {
      client.Infer(set);
      now = NowNs();
      lane.entrant->first.Check(set, client.answers());
      ++counts[who];
    }
    ends[who] = now;
  });
  const auto took_ns = static_cast<double>(*std::max_element(ends.begin(), ends.end()) - start);
  const uint64_t answers = std::accumulate(counts.begin(), counts.end(), uint64_t{0});
  lane.row.series["per_s"].push_back(static_cast<double>(answers) * kNsPerSecond / took_ns);
  lane.row.executed += answers;
}

struct Arrivals {
  std::vector<double> latency_ns, late_ns;
};

// The questions of one client: the next of those that nobody has taken, at its time.
void AskWhenDue(Lane& lane, size_t who, size_t sets, int64_t start, const ModelOptions& options,
                Atomic<uint64_t>& next, Arrivals& arrivals) {
  ModelClient& client = *lane.clients[who];
  const auto count = options.rate * options.block_ms / 1000 + 1;
  for (uint64_t i = next.FetchAdd(1, kRelaxed); i < count; i = next.FetchAdd(1, kRelaxed)) {
    const int64_t due = start + static_cast<int64_t>(i * kNsPerSecond / options.rate);
    const int64_t early = due - NowNs();
    if (early > 0) SleepNs(early);
    const int64_t asked = NowNs();
    client.Infer(i % sets);
    const int64_t answered = NowNs();
    arrivals.latency_ns.push_back(static_cast<double>(answered - due));
    arrivals.late_ns.push_back(static_cast<double>(asked - due));
    lane.entrant->first.Check(i % sets, client.answers());
  }
}

void OpenBlock(Lane& lane, uint64_t round, size_t sets, const ModelOptions& options) {
  Atomic<uint64_t> next = 0;
  std::vector<Arrivals> arrivals(lane.clients.size());
  WarmUpTogether(lane, sets);
  // A moment for the threads to be there.
  const int64_t start = NowNs() + 5 * kNsPerMs;
  RunTogether(lane.clients.size(), "client", [&](size_t who) {
    AskWhenDue(lane, who, sets, start, options, next, arrivals[who]);
  });
  for (const Arrivals& of : arrivals) {
    std::vector<double>& latency = lane.row.series["latency_ns"];
    std::vector<double>& late = lane.row.series["late_ns"];
    latency.insert(latency.end(), of.latency_ns.begin(), of.latency_ns.end());
    late.insert(late.end(), of.late_ns.begin(), of.late_ns.end());
  }
  lane.row.executed = lane.row.series["latency_ns"].size();
  lane.row.series["round"].resize(lane.row.executed, static_cast<double>(round));
}

}  // namespace

std::vector<Row> MeasureLatency(Field& field, const ModelOptions& options) {
  const int64_t block_ns = field.BlockNs();
  const size_t sets = field.inputs().sets();
  return InTurn(field, LanesOf(field, 1, {.workload = "latency"}), options,
                [&](Lane& lane, uint64_t round) { LatencyBlock(lane, round, sets, block_ns); });
}

std::vector<Row> MeasureClients(Field& field, const ModelOptions& options) {
  const int64_t block_ns = field.BlockNs();
  const size_t sets = field.inputs().sets();
  const Row like{.workload = "clients",
                 .parameters = {{"clients", static_cast<double>(options.clients)}}};
  return InTurn(field, LanesOf(field, options.clients, like), options,
                [&](Lane& lane, uint64_t) { ClientsBlock(lane, sets, block_ns); });
}

std::vector<Row> MeasureOpenLoop(Field& field, const ModelOptions& options) {
  const size_t sets = field.inputs().sets();
  const Row like{.workload = "open loop",
                 .parameters = {{"clients", static_cast<double>(options.clients)},
                                {"rate", static_cast<double>(options.rate)}}};
  return InTurn(field, LanesOf(field, options.clients, like), options,
                [&](Lane& lane, uint64_t round) { OpenBlock(lane, round, sets, options); });
}

}  // namespace tenter::bench
