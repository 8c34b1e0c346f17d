// Who waits for whom among the calls of actors and the tasks that are tracked, so that a wait which would never end is
// refused when it begins.
//
// A wait is noted while code of such a call waits, for as long as it takes, for another. What it waits for is
// `stuck`, if it can't be over before the wait is: the call is stuck if its own code waits for what is stuck; and,
// whether it has begun or not, if its actor is held by another, serial call that is; or if all slots of its parallel lane
// are taken by calls that are. The greatest set of waits that so depend on each other are those that never end.
//
// Exact: all is looked at under one lock, under which waits are noted and taken back. So at the moment when it was taken,
// each wait that is found had begun, or was certain to, and was not over if its call is seen not to be ready later on. A
// call that was not over then kept its actor alive and handled nothing else in its place.
//
// Lifetimes: a wait keeps the state of the call that it waits for, by the future, and its own context and actor, whose code
// goes on only after taking it back. The actor and the lane of the call may be gone, if it is over meanwhile: of them the
// addresses are compared only; whatever has the same address later has begun its waits after the call became ready.
#include <mobula/core/error.hpp>
#include <mobula/core/task_context.hpp>
#include <mobula/core/wait_graph.hpp>

#include "per_process.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace mobula::detail {
namespace {

constinit thread_local described_call answer{};

struct noted {
  void const* wait;
  described_call by;
  described_call of;
  task_context const* task;  // whose wait it is; null if that can't be stopped

  // While the graph is searched.
  std::uint64_t search = 0;  // the last that has found it
  bool stuck = false;
  noted* found_before = nullptr;
};

class graph {
 public:
  void add(job& by, std::span<job* const> calls, void const* wait, bool may_be_circle) {
    std::lock_guard const lock(mutex_);
    described_call const waiter = ask_to_describe(by);
    task_context const* const task = may_be_circle ? this_task_context() : nullptr;
    noted* newest = nullptr;
    ++search_;
    try {
      for (job* const c : calls) {
        auto const at = waits_.emplace(waiter.place, noted{wait, waiter, ask_to_describe(*c), task});
        find(at->second, newest);
      }
      if (noted const* const stuck = may_be_circle ? search(newest, wait) : nullptr)
        throw deadlock_error(story(*stuck));
    } catch (...) {
      erase(waiter.place, wait);
      throw;
    }
  }

  void remove(void const* place, void const* wait) noexcept {
    std::lock_guard const lock(mutex_);
    erase(place, wait);
  }

 private:
  void erase(void const* place, void const* wait) noexcept {
    auto [i, end] = waits_.equal_range(place);
    while (i != end) i = i->second.wait == wait ? waits_.erase(i) : std::next(i);
  }

  // Begins to look at a wait.
  void find(noted& n, noted*& newest) const noexcept {
    if (n.search == search_) return;
    n.search = search_;
    n.stuck = !n.of.over(*n.of.call) && (n.task == nullptr || !n.task->stop_requested());
    n.found_before = newest;
    newest = &n;
  }

  // Looks at all that the newest waits depend on, as if they were stuck, and then takes back, the farthest first, what
  // isn't, until all is so. A wait of that name which is left, or null.
  noted const* search(noted* newest, void const* wait) {
    std::vector<noted*> to_follow;
    for (noted* n = newest; n != nullptr; n = n->found_before) to_follow.push_back(n);
    while (!to_follow.empty()) {
      noted* const n = to_follow.back();
      to_follow.pop_back();
      if (!n->stuck) continue;
      auto const follow = [&](void const* place) {
        auto const [begin, end] = waits_.equal_range(place);
        for (auto i = begin; i != end; ++i) {
          if (i->second.search == search_) continue;
          find(i->second, newest);
          to_follow.push_back(&i->second);
        }
      };
      follow(n->of.place);
      if (n->of.limit == 0) follow(n->of.actor);
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (noted* n = newest; n != nullptr; n = n->found_before)
        if (n->stuck && reason(n->of) == nullptr) {
          n->stuck = false;
          changed = true;
        }
    }
    for (noted* n = newest; n != nullptr; n = n->found_before)
      if (n->stuck && n->wait == wait) return n;
    return nullptr;
  }

  // A stuck wait because of which a call is stuck.
  [[nodiscard]] noted const* reason(described_call const& c) const noexcept {
    if (noted const* const own = stuck_at(c.place, c.runs_in)) return own;
    if (c.limit == 0) return stuck_at(c.actor, nullptr);
    return all_slots_stuck(c) ? stuck_at(c.place, nullptr) : nullptr;
  }

  // In that context; null for any.
  [[nodiscard]] noted const* stuck_at(void const* place, execution_context const* context) const noexcept {
    auto const [begin, end] = waits_.equal_range(place);
    for (auto i = begin; i != end; ++i)
      if (i->second.stuck && i->second.search == search_ && (context == nullptr || i->second.by.runs_in == context))
        return &i->second;
    return nullptr;
  }

  [[nodiscard]] bool all_slots_stuck(described_call const& c) const noexcept {
    auto const [begin, end] = waits_.equal_range(c.place);
    unsigned calls = 0;
    for (auto i = begin; i != end; ++i) {
      if (stuck_at(c.place, i->second.by.runs_in) == nullptr) return false;
      bool counted = false;  // with another of its waits
      for (auto j = begin; j != i && !counted; ++j) counted = j->second.by.runs_in == i->second.by.runs_in;
      if (!counted) ++calls;
    }
    return calls == c.limit;
  }

  [[nodiscard]] std::string story(noted const& first) const {
    constexpr std::size_t most = 20;
    std::string text = "mobula: deadlock: this wait would never end: " + name(first);
    std::vector<noted const*> told;
    char const* remedy = nullptr;
    for (noted const* n = &first;;) {
      if (told.size() == most) {
        text += ", and so on";
        break;
      }
      told.push_back(n);
      if (n->of.remedy != nullptr) remedy = n->of.remedy;
      text += (n == &first ? " waits for " : ", which waits for ") + n->of.name(*n->of.call, false);
      noted const* const next = reason(n->of);
      if (next->by.call != n->of.call) text += ", which has to wait for " + name(*next);
      bool closed = false;
      for (noted const* const t : told) closed = closed || t == next;
      if (closed) break;
      n = next;
    }
    return text.append(". ").append(
        remedy != nullptr ? remedy : "Have one of them give the future on instead of waiting for it");
  }

  static std::string name(noted const& waiting) { return waiting.by.name(*waiting.by.call, true); }

  std::mutex mutex_;                                   // of all here
  std::unordered_multimap<void const*, noted> waits_;  // by the place of who waits
  std::uint64_t search_ = 0;
};

// Of the process, as actors of one runtime may wait for those of another, and tasks may outlive main.
graph& waits() { return per_process<graph>(); }

}  // namespace

void answer_describe(described_call const& c) noexcept { answer = c; }

described_call ask_to_describe(job& call) noexcept {
  call.step(call, job_verb::describe);
  return answer;
}

void begin_noted_wait(job& by, std::span<job* const> calls, void const* wait) { waits().add(by, calls, wait, true); }

void note_arguments(job& by, std::span<job* const> calls, void const* wait) { waits().add(by, calls, wait, false); }

void end_noted_wait(job& by, void const* wait) noexcept { waits().remove(ask_to_describe(by).place, wait); }

}  // namespace mobula::detail
