#include "harness/faults/injector.h"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <utility>

#include "harness/faults/nearest.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

// Of one site: a program of a million ops has no more of them to say.
constexpr size_t kOpsKept = 1000;
constexpr size_t kPerLine = 64 / sizeof(Atomic<uint64_t>);

bool NamesAnOp(const FaultItem& item) { return item.op_glob != "*"; }

template <size_t N>
void Copy(const std::string& text, char (&out)[N]) {
  std::snprintf(out, N, "%s", text.c_str());
}

// A file that a workload made lies in the folder of its run, and a replay has another one.
std::string InAnyFolder(const std::string& task) {
  return task.starts_with('/') ? "*" + task.substr(task.rfind('/')) : task;
}

}  // namespace

std::string FiredFault::expected_text() const {
  return message.empty() ? std::string(FaultActionOf(action).said) : tag();
}

Injector::Injector(FaultPlan plan, std::span<const Site* const> sites, uint64_t seed,
                   Flight* flight)
    : plan_(std::move(plan)),
      sites_(sites.begin(), sites.end()),
      planned_(Planned(plan_, sites)),
      seed_(seed),
      flight_(*flight),
      stride_((sites_.size() + kPerLine - 1) / kPerLine * kPerLine),
      hits_(std::make_unique<Atomic<uint64_t>[]>(kStripes * stride_)),
      op_seen_(std::make_unique<Atomic<bool>[]>(plan_.items.size())) {
  for (size_t i = 0; i < sites_.size(); ++i) site_names_.Add(sites_[i]->name, i);
  UnseenLock lock(mutex_);
  ops_.resize(sites_.size());
  site_fired_.resize(sites_.size());
  site_beside_.resize(sites_.size());
  for (const FaultItem& item : plan_.items)
    items_.push_back({.term_fired = std::vector<uint64_t>(item.terms.size())});
}

std::vector<Injector::PlannedSite> Injector::Planned(const FaultPlan& plan,
                                                     std::span<const Site* const> sites) {
  std::vector<PlannedSite> planned(sites.size());
  for (size_t site = 0; site < sites.size(); ++site)
    for (size_t i = 0; i < plan.items.size(); ++i) {
      if (!GlobMatches(plan.items[i].site_glob, sites[site]->name)) continue;
      planned[site].items.push_back(i);
      if (NamesAnOp(plan.items[i])) planned[site].naming.push_back(i);
    }
  return planned;
}

tgt_host Injector::host() {
  return {this, [](void* self, const tgt_hit* hit, tgt_fault* fault) {
            static_cast<Injector*>(self)->Hit(*hit, fault);
          }};
}

Status Injector::Arm() {
  UnseenLock lock(mutex_);
  for (size_t i = 0; i < plan_.items.size(); ++i)
    if (std::string why = WhyNoOp(i); !why.empty())
      return {StatusCode::kInvalidArgument, "fault plan: " + why};
  armed_.Store(true, kRelaxed);
  return {};
}

std::string Injector::WhyNoOp(size_t number) const {
  const FaultItem& item = plan_.items[number];
  if (!NamesAnOp(item) || op_seen_[number].Load(kRelaxed)) return "";
  std::set<std::string> ran;
  for (size_t i = 0; i < sites_.size(); ++i) {
    if (!GlobMatches(item.site_glob, sites_[i]->name)) continue;
    if (ops_[i].empty()) return "";  // the op that is meant may be one that runs there
    ran.insert(ops_[i].begin(), ops_[i].end());
  }
  const auto is_meant = [&](const std::string& op) { return GlobMatches(item.op_glob, op); };
  if (ran.size() >= kOpsKept || std::any_of(ran.begin(), ran.end(), is_meant)) return "";
  return "no op at site '" + item.site_glob + "' is called '" + item.op_glob + "'" +
         DidYouMean(item.op_glob, std::vector<std::string>(ran.begin(), ran.end()));
}

void Injector::NoteOp(size_t site, const char* op) {
  const std::vector<size_t>& naming = planned_[site].naming;
  const auto is_seen = [&](size_t i) { return op_seen_[i].Load(kRelaxed); };
  if (op[0] == '\0' || std::all_of(naming.begin(), naming.end(), is_seen)) return;
  for (const size_t i : naming)
    if (GlobMatches(plan_.items[i].op_glob, op)) op_seen_[i].Store(true, kRelaxed);
  UnseenLock lock(mutex_);
  if (ops_[site].size() < kOpsKept && !ops_[site].contains(op)) ops_[site].emplace(op);
}

void Injector::FollowRequests(size_t at_most) {
  if (owned_requests_ != nullptr) return owned_requests_->Clear();
  {
    // The target's threads may be there already, and learn of it by a relaxed pointer.
    UnseenLock lock(mutex_);
    owned_requests_ = std::make_unique<RequestSpans>(at_most);
  }
  requests_.Store(owned_requests_.get(), kRelaxed);
}

void Injector::FollowOrder() { order_ = std::make_unique<SiteOrder>(sites_.size()); }

std::vector<SitePair> Injector::pairs() const {
  std::vector<SitePair> pairs;
  if (order_ == nullptr) return pairs;
  for (const SiteOrder::Pair& pair : order_->Pairs())
    pairs.push_back({std::string(sites_[pair.first]->name), std::string(sites_[pair.second]->name),
                     pair.first_hit, pair.second_hit});
  return pairs;
}

bool Injector::Explains(const std::string& message) const {
  const std::vector<FiredFault> all = fired();
  return std::any_of(all.begin(), all.end(), [&](const FiredFault& fault) {
    return fault.fails() && message.find(fault.expected_text()) != std::string::npos;
  });
}

size_t Injector::MostRequestsTogether() const {
  return owned_requests_ != nullptr ? owned_requests_->MostTogether() : 0;
}

bool Injector::CanMatch(size_t site, const char* op) const {
  const std::vector<size_t>& items = planned_[site].items;
  return std::any_of(items.begin(), items.end(),
                     [&](size_t i) { return GlobMatches(plan_.items[i].op_glob, op); });
}

Injector::Chosen Injector::Choose(size_t site, const tgt_hit& hit, tgt_fault* fault) {
  UnseenLock lock(mutex_);
  const std::string task = hit.op[0] != '\0' ? hit.op : CurrentThreadName();
  const uint64_t task_hit = ++task_hits_[std::string(hit.site) + "\n" + task];
  const FaultTerm* const term = Decide(site, hit, task, task_hit);
  if (term == nullptr || term->action == 0) return {};
  ++site_fired_[site];
  // One of those in flight is the call that it strikes, unless that has returned already.
  site_beside_[site] = std::max(site_beside_[site], in_flight_.Load(kRelaxed) - 1);
  Record(hit, task, task_hit, *term, fault);
  const uint64_t range = term->delay_us_max - term->delay_us_min + 1;
  return {term->action,
          term->delay_us_min + CombineHash(HashBytes(task), task_hit ^ seed_) % range};
}

const FaultTerm* Injector::Decide(size_t site, const tgt_hit& hit, const std::string& task,
                                  uint64_t task_hit) {
  const uint32_t allowed = sites_[site]->actions;
  const FaultTerm* decided = nullptr;
  uint64_t draw = 0;  // of all terms that may mean this site, whatever the plan says of others
  for (const size_t i : planned_[site].items) {
    const uint64_t first_draw = draw;
    draw += plan_.items[i].terms.size();
    if (!Matches(plan_.items[i], hit)) continue;
    // Every matching item counts the hit, also when an earlier one decides: nth means the same
    // alone and in company.
    const uint64_t item_hit = ++items_[i].hits;
    const std::vector<FaultTerm>& terms = plan_.items[i].terms;
    for (size_t t = 0; t < terms.size() && decided == nullptr; ++t) {
      if (terms[t].action != 0 && (terms[t].action & allowed) == 0) continue;
      const auto chance = [&] {
        return Draw(hit.site, task, task_hit, first_draw + t).Chance(*terms[t].percent);
      };
      if (!Counts(terms[t], items_[i].term_fired[t], item_hit) || (terms[t].percent && !chance()))
        continue;
      ++items_[i].term_fired[t];
      decided = &terms[t];
    }
  }
  return decided;
}

bool Injector::Matches(const FaultItem& item, const tgt_hit& hit) const {
  return GlobMatches(item.op_glob, hit.op) && (item.request < 0 || item.request == hit.request) &&
         (item.worker < -1 || item.worker == hit.worker) &&
         (item.thread_glob == "*" || GlobMatches(item.thread_glob, CurrentThreadName()));
}

bool Injector::Counts(const FaultTerm& term, uint64_t fired, uint64_t item_hit) {
  if (term.once && fired > 0) return false;
  if (term.nth && item_hit != *term.nth) return false;
  return !term.every || item_hit % *term.every == 0;
}

Rng Injector::Draw(const char* site, const std::string& task, uint64_t task_hit,
                   uint64_t term) const {
  const uint64_t hash = CombineHash(CombineHash(seed_, HashBytes(site)), HashBytes(task));
  const uint64_t hit_hash = CombineHash(hash, task_hit);
  return Rng(term == 0 ? hit_hash : CombineHash(hit_hash, term));
}

void Injector::Record(const tgt_hit& hit, const std::string& task, uint64_t task_hit,
                      const FaultTerm& term, tgt_fault* fault) {
  FiredFault record;
  record.number = ++fired_count_;
  record.site = hit.site;
  record.op = hit.op;
  record.request = hit.request;
  record.action = term.action;
  const FaultActionType& type = FaultActionOf(term.action);
  if (type.arguments == FaultArguments::kTypeAndMessage && term.type != "int")
    record.message = term.message + " " + record.tag();
  if (type.arguments == FaultArguments::kCode) record.message = record.tag();
  const char* filter = hit.op[0] != '\0' ? "@op:\"" : "@thread:\"";
  record.item = record.site + filter + InAnyFolder(task) + "\"=nth(" + std::to_string(task_hit) +
                ")" + term.text;
  fault->kind = type.told;
  fault->code = static_cast<tgt_code>(term.code);
  Copy(term.type, fault->type);
  Copy(record.message, fault->message);
  fired_.push_back(std::move(record));
}

bool Injector::has_failures() const {
  for (const FaultItem& item : plan_.items)
    for (const FaultTerm& term : item.terms)
      if (FaultActionOf(term.action).fails) return true;
  return false;
}

std::vector<FiredFault> Injector::fired() const {
  UnseenLock lock(mutex_);
  return fired_;
}

std::vector<FiredFault> Injector::TakeFired() {
  UnseenLock lock(mutex_);
  taken_.reserve(kTakenBytes);
  for (const FiredFault& fault : fired_)
    if (taken_.size() + 1 + fault.item.size() < kTakenBytes)
      taken_ += (taken_.empty() ? "" : ";") + fault.item;
  return std::exchange(fired_, {});
}

std::vector<SiteCount> Injector::counts() const {
  std::vector<SiteCount> counts;
  UnseenLock lock(mutex_);
  for (size_t site = 0; site < sites_.size(); ++site) {
    SiteCount& count = counts.emplace_back(std::string(sites_[site]->name), 0, site_fired_[site],
                                           site_beside_[site]);
    for (size_t stripe = 0; stripe < kStripes; ++stripe)
      count.hit += HitsOf(stripe, site).Load(kRelaxed);
  }
  return counts;
}

std::vector<ItemCount> Injector::items() const {
  UnseenLock lock(mutex_);
  std::vector<ItemCount> counts;
  for (size_t i = 0; i < items_.size(); ++i) {
    const std::vector<uint64_t>& fired = items_[i].term_fired;
    counts.push_back({plan_.items[i].text, items_[i].hits,
                      std::accumulate(fired.begin(), fired.end(), uint64_t{0}), WhyNoOp(i)});
  }
  return counts;
}

std::string Injector::EffectivePlan() const {
  UnseenLock lock(mutex_);
  std::string plan = taken_;
  for (const FiredFault& fault : fired_) plan += (plan.empty() ? "" : ";") + fault.item;
  return plan;
}

}  // namespace tenter
