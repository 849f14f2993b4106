#include "harness/faults/injector.h"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <utility>

#include "harness/faults/nearest.h"
#include "runtime/base/clock.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

// Of one site: a program of a million ops has no more of them to say.
constexpr size_t kOpsKept = 1000;

bool NamesAnOp(const FaultItem& item) { return item.op_glob != "*"; }

template <size_t N>
void Copy(const std::string& text, char (&out)[N]) {
  std::snprintf(out, N, "%s", text.c_str());
}

tgt_fault_kind KindOf(uint32_t action) {
  switch (action) {
    case kActionThrow:
      return TGT_FAULT_THROW;
    case kActionError:
      return TGT_FAULT_ERROR;
    case kActionBadAlloc:
      return TGT_FAULT_BAD_ALLOC;
    case kActionDropCompletion:
      return TGT_FAULT_DROP_COMPLETION;
    default:
      return TGT_FAULT_NONE;
  }
}

}  // namespace

std::string FiredFault::expected_text() const {
  if (!message.empty()) return tag();
  if (action == kActionBadAlloc) return "bad_alloc";
  if (action == kActionDropCompletion) return "completion dropped";
  return "not a std::exception";
}

Injector::Injector(FaultPlan plan, std::span<const Site* const> sites, uint64_t seed,
                   Flight* flight)
    : plan_(std::move(plan)),
      sites_(sites.begin(), sites.end()),
      seed_(seed),
      flight_(*flight),
      names_ops_(std::any_of(plan_.items.begin(), plan_.items.end(), NamesAnOp)) {
  MutexLock lock(mutex_);
  ops_.resize(sites_.size());
  for (const Site* site : sites_) counts_.push_back({std::string(site->name)});
  for (const FaultItem& item : plan_.items)
    items_.push_back({.term_fired = std::vector<uint64_t>(item.terms.size())});
}

tgt_host Injector::host() {
  return {this, [](void* self, const tgt_hit* hit, tgt_fault* fault) {
            static_cast<Injector*>(self)->Hit(*hit, fault);
          }};
}

Status Injector::Arm() {
  MutexLock lock(mutex_);
  for (const FaultItem& item : plan_.items)
    if (std::string why = WhyNoOp(item); !why.empty())
      return {StatusCode::kInvalidArgument, "fault plan: " + why};
  armed_ = true;
  return {};
}

std::string Injector::WhyNoOp(const FaultItem& item) const {
  if (!NamesAnOp(item)) return "";
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
  if (names_ops_ && op[0] != '\0' && ops_[site].size() < kOpsKept && !ops_[site].contains(op))
    ops_[site].emplace(op);
}

void Injector::FollowRequests() {
  MutexLock lock(mutex_);
  requests_.emplace();
}

size_t Injector::MostRequestsTogether() const {
  MutexLock lock(mutex_);
  return requests_.has_value() ? requests_->MostTogether() : 0;
}

void Injector::Hit(const tgt_hit& hit, tgt_fault* fault) {
  const auto is_it = [&](const Site* site) { return site->name == hit.site; };
  const auto site = std::find_if(sites_.begin(), sites_.end(), is_it);
  if (site == sites_.end()) return;
  const size_t index = site - sites_.begin();
  const std::optional<Chosen> chosen = Choose(index, hit, fault);
  if (!chosen) return;
  flight_.Write({.kind = FlightKind::kSite,
                 .what = static_cast<uint8_t>(index),
                 .code = static_cast<uint16_t>(chosen->action),
                 .worker = hit.worker,
                 .number = static_cast<uint64_t>(hit.request),
                 .name = hit.op});
  if (chosen->action == kActionDelay) SleepNs(static_cast<int64_t>(chosen->delay_us) * kNsPerUs);
}

std::optional<Injector::Chosen> Injector::Choose(size_t site, const tgt_hit& hit,
                                                 tgt_fault* fault) {
  MutexLock lock(mutex_);
  NoteOp(site, hit.op);
  if (!armed_) return std::nullopt;
  if (requests_.has_value() && hit.request >= 0) requests_->Note(hit.request);
  ++counts_[site].hit;
  if (plan_.items.empty()) return Chosen{};
  const std::string task = hit.op[0] != '\0' ? hit.op : CurrentThreadName();
  const uint64_t task_hit = ++task_hits_[std::string(hit.site) + "\n" + task];
  const FaultTerm* const term = Decide(hit, task, task_hit, sites_[site]->actions);
  if (term == nullptr || term->action == 0) return Chosen{};
  ++counts_[site].fired;
  Record(hit, task, task_hit, *term, fault);
  const uint64_t range = term->delay_us_max - term->delay_us_min + 1;
  return Chosen{term->action,
                term->delay_us_min + CombineHash(HashBytes(task), task_hit ^ seed_) % range};
}

const FaultTerm* Injector::Decide(const tgt_hit& hit, const std::string& task, uint64_t task_hit,
                                  uint32_t allowed) {
  const FaultTerm* decided = nullptr;
  for (size_t i = 0; i < plan_.items.size(); ++i) {
    if (!Matches(plan_.items[i], hit)) continue;
    // Every matching item counts the hit, also when an earlier one decides: nth means the same
    // alone and in company.
    const uint64_t item_hit = ++items_[i].hits;
    const std::vector<FaultTerm>& terms = plan_.items[i].terms;
    for (size_t t = 0; t < terms.size() && decided == nullptr; ++t) {
      if (terms[t].action != 0 && (terms[t].action & allowed) == 0) continue;
      if (!Fires(terms[t], items_[i].term_fired[t], item_hit, hit, task, task_hit)) continue;
      ++items_[i].term_fired[t];
      decided = &terms[t];
    }
  }
  return decided;
}

bool Injector::Matches(const FaultItem& item, const tgt_hit& hit) const {
  return GlobMatches(item.site_glob, hit.site) && GlobMatches(item.op_glob, hit.op) &&
         (item.request < 0 || item.request == hit.request) &&
         (item.worker < -1 || item.worker == hit.worker) &&
         (item.thread_glob == "*" || GlobMatches(item.thread_glob, CurrentThreadName()));
}

bool Injector::Fires(const FaultTerm& term, uint64_t fired, uint64_t item_hit, const tgt_hit& hit,
                     const std::string& task, uint64_t task_hit) const {
  if (term.once && fired > 0) return false;
  if (term.nth && item_hit != *term.nth) return false;
  if (term.every && item_hit % *term.every != 0) return false;
  if (term.percent) {
    uint64_t hash = CombineHash(seed_, HashBytes(hit.site));
    hash = CombineHash(hash, HashBytes(task));
    if (!Rng(CombineHash(hash, task_hit)).Chance(*term.percent)) return false;
  }
  return true;
}

void Injector::Record(const tgt_hit& hit, const std::string& task, uint64_t task_hit,
                      const FaultTerm& term, tgt_fault* fault) {
  FiredFault record;
  record.number = fired_.size() + 1;
  record.site = hit.site;
  record.op = hit.op;
  record.request = hit.request;
  record.action = term.action;
  if (term.action == kActionThrow && term.type != "int")
    record.message = term.message + " " + record.tag();
  if (term.action == kActionError) record.message = record.tag();
  const char* filter = hit.op[0] != '\0' ? "@op:\"" : "@thread:\"";
  record.item =
      record.site + filter + task + "\"=nth(" + std::to_string(task_hit) + ")" + term.text;
  fault->kind = KindOf(term.action);
  fault->code = static_cast<tgt_code>(term.code);
  Copy(term.type, fault->type);
  Copy(record.message, fault->message);
  fired_.push_back(std::move(record));
}

bool Injector::has_failures() const {
  for (const FaultItem& item : plan_.items)
    for (const FaultTerm& term : item.terms)
      if (term.action != 0 && term.action != kActionDelay) return true;
  return false;
}

std::vector<FiredFault> Injector::fired() const {
  MutexLock lock(mutex_);
  return fired_;
}

std::vector<SiteCount> Injector::counts() const {
  MutexLock lock(mutex_);
  return counts_;
}

std::vector<ItemCount> Injector::items() const {
  MutexLock lock(mutex_);
  std::vector<ItemCount> counts;
  for (size_t i = 0; i < items_.size(); ++i) {
    const std::vector<uint64_t>& fired = items_[i].term_fired;
    counts.push_back({plan_.items[i].text, items_[i].hits,
                      std::accumulate(fired.begin(), fired.end(), uint64_t{0}),
                      WhyNoOp(plan_.items[i])});
  }
  return counts;
}

std::string Injector::EffectivePlan() const {
  MutexLock lock(mutex_);
  std::string plan;
  for (const FiredFault& fault : fired_) plan += (plan.empty() ? "" : ";") + fault.item;
  return plan;
}

}  // namespace tenter
