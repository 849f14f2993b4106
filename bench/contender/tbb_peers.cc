#include "bench/contender/tbb_peers.h"

#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_group.h>
#include <oneapi/tbb/version.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>

namespace tenter::bench {
namespace {

namespace flow = oneapi::tbb::flow;
using oneapi::tbb::global_control;

std::string Version() {
  return std::to_string(TBB_VERSION_MAJOR) + "." + std::to_string(TBB_VERSION_MINOR);
}

// Push builds the graph (a node per op, then its incoming edges), WaitAll runs it: an edge that is
// added to a running graph may be too late.
class FlowGraph final : public Contender {
 public:
  explicit FlowGraph(std::shared_ptr<global_control> limit) : limit_(std::move(limit)) {}

  Description description() const override {
    return {"tbb_flow", "oneTBB " + Version() + " flow graph (push = build, completion = run)", ""};
  }
  Abilities abilities() const override {
    return {.many_pushers = false, .round_trips = false, .captures = true};
  }

  void Prepare(const Program& program, Work& work) override {
    work_ = &work;
    edges_ = program.Edges();
    first_edge_.assign(program.size() + 1, edges_.size());
    for (size_t i = edges_.size(); i-- > 0;) first_edge_[edges_[i].second] = i;
    for (size_t op = program.size(); op-- > 0;) {
      first_edge_[op] = std::min(first_edge_[op], first_edge_[op + 1]);
    }
    Reset();
  }

  void Push(size_t first, size_t last) override {
    for (size_t op = first; op < last; ++op) {
      nodes_.emplace_back(*graph_, [work = work_](const flow::continue_msg&) { work->Run(); });
      for (size_t i = first_edge_[op]; i < first_edge_[op + 1]; ++i) {
        flow::make_edge(nodes_[edges_[i].first], nodes_.back());
      }
    }
    run_ = false;
  }

  // The nearest that there is: a graph that was built before, run and waited for.
  void Capture() override {
    Push(0, first_edge_.size() - 1);
    run_ = true;
  }
  void Replay() override {
    run_ = false;
    WaitAll();
  }

  void WaitAll() override {
    if (std::exchange(run_, true)) return;
    for (size_t op = 0; op < nodes_.size(); ++op) {
      if (first_edge_[op] == first_edge_[op + 1]) nodes_[op].try_put(flow::continue_msg());
    }
    graph_->wait_for_all();
  }

  void RoundTrip(size_t) override {}

  void Reset() override {
    run_ = true;
    nodes_.clear();
    graph_ = std::make_unique<flow::graph>();
  }
  void Clear() override { Reset(); }

 private:
  const std::shared_ptr<global_control> limit_;
  Work* work_ = nullptr;
  std::vector<std::pair<uint32_t, uint32_t>> edges_;  // ordered by their second op
  std::vector<size_t> first_edge_;                    // per op: where its incoming edges start
  bool run_ = true;                                   // what was built has run, or is for Replay
  std::unique_ptr<flow::graph> graph_;
  std::deque<flow::continue_node<flow::continue_msg>> nodes_;
};

class TaskGroup final : public Contender {
 public:
  explicit TaskGroup(std::shared_ptr<global_control> limit) : limit_(std::move(limit)) {}

  Description description() const override {
    return {"tbb_group", "oneTBB " + Version() + " task_group", ""};
  }
  Abilities abilities() const override { return {.dependencies = false, .many_pushers = false}; }

  void Prepare(const Program&, Work& work) override { work_ = &work; }
  void Push(size_t first, size_t last) override {
    for (size_t op = first; op < last; ++op) group_->run([work = work_] { work->Run(); });
  }
  void WaitAll() override { group_->wait(); }
  void RoundTrip(size_t op) override {
    Push(op, op + 1);
    WaitAll();
  }
  void Clear() override {}

 private:
  const std::shared_ptr<global_control> limit_;
  Work* work_ = nullptr;
  // Behind a pointer, because its destructor may throw.
  const std::unique_ptr<oneapi::tbb::task_group> group_ =
      std::make_unique<oneapi::tbb::task_group>();
};

}  // namespace

std::vector<ContenderPtr> MakeTbbPeers(int workers) {
  auto limit = std::make_shared<global_control>(global_control::max_allowed_parallelism,
                                                static_cast<size_t>(workers));
  std::vector<ContenderPtr> peers;
  peers.push_back(std::make_unique<FlowGraph>(limit));
  peers.push_back(std::make_unique<TaskGroup>(limit));
  return peers;
}

std::vector<Description> TbbAbsence() { return {}; }

}  // namespace tenter::bench
