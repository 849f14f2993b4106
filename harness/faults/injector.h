// Injector: decides at every hit of a site whether a fault fires there, and remembers what fired.
//
// Path: target -> tgt_host.hit -> Injector::Hit -> fault (or delay) -> the runtime handles it ->
// the checks compare what they saw with fired().
//
// The *task* of a hit is the name of its op, or of its thread when there is none. A probability
// decides hit i of task t at site s by hash(seed, s, t, i), and for the k-th term of the plan that
// may mean the site by hash(seed, s, t, i, k): adding a site or a task never shifts another, and
// for ops with names of their own the decision does not depend on the schedule.
//
// Every hit stands in the middle of the target's own work, on any of its threads, and orders no
// two of them as far as ThreadSanitizer can see: an injector that did would excuse the target's
// races. Where no item of the plan can mean a hit, it is counted by relaxed atomics and nothing
// else. A decision needs a lock, for what it counts and for the record of what fired: one that the
// sanitizer does not see (unseen_mutex.h).
//
// LOCK ORDER: Injector::mutex_ is a leaf; delays happen without it.
//
// Thread safety: Hit from any thread; the rest too, but for FollowRequests, which is for the time
//   when no request runs.
// Ownership and lifetime: one per run; outlives the target instance.
// Invariants: (1) counts of a site: hit >= fired. (2) every injected message is unique within the
//   run, so that an error can be traced to the fault that caused it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "harness/faults/fault_actions.h"
#include "harness/faults/fault_plan.h"
#include "harness/faults/request_spans.h"
#include "harness/faults/site_names.h"
#include "harness/faults/site_order.h"
#include "harness/flight/flight.h"
#include "harness/target/target.h"
#include "runtime/base/atomic.h"
#include "runtime/base/rng.h"
#include "runtime/base/unseen_mutex.h"

namespace tenter {

struct FiredFault {
  uint64_t number = 0;  // 1, 2, ... in the order in which they fired
  std::string site;
  std::string op;
  int64_t request = -1;
  uint32_t action = 0;  // one FaultAction
  // What the injected exception or error says; empty when it can say nothing (bad_alloc, an int).
  std::string message;
  std::string item;  // explicit form: site@op:NAME=nth(K)action

  // The text by which an error names this fault.
  static constexpr const char* kTag = "[injected fault ";
  std::string tag() const { return kTag + std::to_string(number) + "]"; }
  // What an error that it causes must contain.
  std::string expected_text() const;
  // True when it makes the op or request that it hit fail.
  bool fails() const { return FaultActionOf(action).fails; }
};

// What became of one item of the plan.
struct ItemCount {
  std::string text;   // as written
  uint64_t hits = 0;  // of its sites, by what its filters let through
  uint64_t fired = 0;
  std::string note;  // why it can never fire, when that is known
};

struct SiteCount {
  std::string name;
  uint64_t hit = 0;
  uint64_t fired = 0;
  int64_t beside = 0;  // other calls in flight when a fault struck there, at most
};

// One site that was hit next after another, and at which of its hits.
struct SitePair {
  std::string first, second;
  uint64_t first_hit = 0, second_hit = 0;
};

class Injector {
 public:
  // Once it is armed every hit is noted in `flight`, which is borrowed.
  Injector(FaultPlan plan, std::span<const Site* const> sites, uint64_t seed, Flight* flight);

  // Until it is armed an injector neither counts nor fires: set-up and reference runs are not
  // part of the exposure. Errors: kInvalidArgument when the set-up ran the ops of the plan's sites,
  // and none of them has the name that an item asks for.
  Status Arm() EXCLUDES(mutex_);
  // From here on it neither counts nor fires: what comes is the aftermath.
  void Disarm() { armed_.Store(false, kRelaxed); }

  // From here on notes the requests of all hits; those that were noted before are forgotten. The
  // first call says for how many there is to be room. Once requests are followed they are to the
  // end.
  void FollowRequests(size_t at_most);
  size_t MostRequestsTogether() const;

  // From here on notes which site is hit next after which. Before it is armed.
  void FollowOrder();
  std::vector<SitePair> pairs() const;  // empty when the order was not followed

  // Around each call of a workload into the target, so that it is known beside how many others a
  // fault struck. An op of an engine is in flight until its body has been given back.
  void CallBegins() { in_flight_.FetchAdd(1, kRelaxed); }
  void CallEnds() { in_flight_.FetchSub(1, kRelaxed); }

  // Whether a fault that fired makes an error with this text right.
  bool Explains(const std::string& message) const EXCLUDES(mutex_);

  // The host to open a target with; valid as long as this object.
  tgt_host host();

  // It is in injector_hit.cc, which ThreadSanitizer does not watch.
  void Hit(const tgt_hit& hit, tgt_fault* fault) EXCLUDES(mutex_);

  // True when the plan can do anything at all, and when it can make an op or a request fail (a
  // delay cannot).
  bool has_faults() const { return !plan_.items.empty(); }
  bool has_failures() const;
  std::vector<FiredFault> fired() const EXCLUDES(mutex_);
  // What fired since the last time, and forgets it but for its place in the effective plan: for a
  // run so long that a record of each fault would be what grows.
  std::vector<FiredFault> TakeFired() EXCLUDES(mutex_);
  std::vector<SiteCount> counts() const EXCLUDES(mutex_);
  std::vector<ItemCount> items() const EXCLUDES(mutex_);  // in the order of the plan

  // What fired, as a plan without probabilities: each fault by its own nth(K). Empty when nothing
  // fired; of what was taken as many as fit kTakenBytes.
  std::string EffectivePlan() const EXCLUDES(mutex_);

 private:
  struct ItemState {
    uint64_t hits = 0;
    std::vector<uint64_t> term_fired;
  };
  struct Chosen {
    uint32_t action = 0;  // that fires; 0: none
    uint64_t delay_us = 0;
  };
  // What is known of a site before the first hit; constant.
  struct PlannedSite {
    std::vector<size_t> items;   // of the plan, whose globs mean the site
    std::vector<size_t> naming;  // those of them that have a filter for ops
  };
  static std::vector<PlannedSite> Planned(const FaultPlan& plan,
                                          std::span<const Site* const> sites);
  // Counts of one of some groups of threads, so that they do not wait for each other's cache lines.
  static constexpr size_t kStripes = 8;
  static constexpr size_t kTakenBytes = size_t{64} << 10;
  Atomic<uint64_t>& HitsOf(size_t stripe, size_t site) const {
    return hits_[stripe * stride_ + site];
  }
  // Whether an item of the plan can mean a hit of this op there. Else nothing is counted of it but
  // that it was: no filter for requests, workers or threads could let another one through.
  bool CanMatch(size_t site, const char* op) const;
  // Decides what fires.
  Chosen Choose(size_t site, const tgt_hit& hit, tgt_fault* fault) EXCLUDES(mutex_);
  // The term that fires at this hit, or null.
  const FaultTerm* Decide(size_t site, const tgt_hit& hit, const std::string& task,
                          uint64_t task_hit) REQUIRES(mutex_);
  bool Matches(const FaultItem& item, const tgt_hit& hit) const;
  // Whether the counts of a term let it fire at a hit of its item.
  static bool Counts(const FaultTerm& term, uint64_t fired, uint64_t item_hit);
  // What decides a probability. Of terms that share a site each has a draw of its own: by one draw
  // for all, the term that comes after another would fire only where it is the more probable one.
  Rng Draw(const char* site, const std::string& task, uint64_t task_hit, uint64_t term) const;
  // Why no op that ran so far is meant by an item; empty when one is, or when a site of the item
  // was not passed yet.
  std::string WhyNoOp(size_t item) const REQUIRES(mutex_);
  // Remembers the op for WhyNoOp, until an op was seen for each item of the site that names one.
  void NoteOp(size_t site, const char* op) EXCLUDES(mutex_);
  void Record(const tgt_hit& hit, const std::string& task, uint64_t task_hit, const FaultTerm& term,
              tgt_fault* fault) REQUIRES(mutex_);

  const FaultPlan plan_;
  const std::vector<const Site*> sites_;
  SiteNames site_names_;                    // numbers in sites_; constant
  const std::vector<PlannedSite> planned_;  // beside sites_
  const uint64_t seed_;
  Flight& flight_;
  const size_t stride_;                             // sites_, in whole cache lines
  const std::unique_ptr<Atomic<uint64_t>[]> hits_;  // of each stripe and site; counts
  Atomic<bool> armed_ = false;        // set before the threads that it is for, and taken back
  Atomic<int64_t> in_flight_ = 0;     // calls of the workload; orders nothing
  std::unique_ptr<SiteOrder> order_;  // null: not followed
  std::unique_ptr<RequestSpans> owned_requests_;   // made once, by FollowRequests
  Atomic<RequestSpans*> requests_ = nullptr;       // null: they are not followed
  const std::unique_ptr<Atomic<bool>[]> op_seen_;  // that the item means; beside plan_.items
  mutable UnseenMutex mutex_;
  std::vector<uint64_t> site_fired_ GUARDED_BY(mutex_);           // beside sites_
  std::vector<int64_t> site_beside_ GUARDED_BY(mutex_);           // beside sites_
  std::vector<ItemState> items_ GUARDED_BY(mutex_);               // beside plan_.items
  std::map<std::string, uint64_t> task_hits_ GUARDED_BY(mutex_);  // by site and task
  std::vector<FiredFault> fired_ GUARDED_BY(mutex_);              // and not taken
  uint64_t fired_count_ GUARDED_BY(mutex_) = 0;                   // those that were taken, too
  std::string taken_ GUARDED_BY(mutex_);                          // their items; one block
  std::vector<std::set<std::string, std::less<>>> ops_ GUARDED_BY(mutex_);  // beside sites_
};

// One call of a workload into the target, from construction to destruction.
class CallInFlight {
 public:
  explicit CallInFlight(Injector& injector) : injector_(injector) { injector_.CallBegins(); }
  ~CallInFlight() { injector_.CallEnds(); }
  CallInFlight(const CallInFlight&) = delete;
  CallInFlight& operator=(const CallInFlight&) = delete;

 private:
  Injector& injector_;
};

}  // namespace tenter
