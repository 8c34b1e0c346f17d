// How workers fall asleep and are woken, in the order of steps of lib/core/thread_scheduler.cpp: no job is left while
// everybody sleeps, and no job that has to run beside another one is left while its worker is busy.
#include "support/relacy.hpp"

#include <mobula/core/idle_state.hpp>
#include <mobula/core/work_stealing_deque.hpp>

namespace {

using namespace mobula::model;

// What the jobs do.
enum class shape {
  fork,         // each has a child
  fork_beside,  // each has a child and keeps its worker until that is over
  meet,         // each keeps its worker until all others have begun
  handed,       // as fork, but handed over to whoever searches
};
// What the code must not leave out.
enum class bug {
  none,
  no_second_look,     // before the sleep
  no_next,            // the last searcher who finds a job wakes the next
  no_search_resumed,  // who finds something at the second look counts as a searcher again
  handed_unseen,      // the second look sees what was handed over
  handed_silently     // who hands over wakes one, if nobody searches
};

// Thread 0 submits from outside; the others are workers. When all jobs are over the workers are told to stop; if a job
// is forgotten all sleep, which Relacy reports as a deadlock, or some wait for it, which it reports as a livelock.
template <class Atomics, int Workers, int Jobs, shape Shape, bug Bug = bug::none>
struct parking : rl::test_suite<parking<Atomics, Workers, Jobs, Shape, Bug>, Workers + 1> {
  template <class T>
  using atomic = typename Atomics::template atomic<T>;
  enum park_state : int { awake, on_condition, in_reactor, notified };

  struct job {
    job* next = nullptr;
    job* child = nullptr;
    plain<int> content;
    atomic<int> over{0};
  };
  struct worker {
    mobula::detail::work_stealing_deque<job, Atomics> queue{4};
    atomic<int> state{awake};
    parker parking;
    plain<bool> listed{false};
    bool searching = false;
  };

  mobula::detail::idle_state<Atomics> idle;
  worker workers[Workers];
  mutex sleepers_mutex;
  std::vector<worker*> sleepers;  // guarded
  mutex injected_mutex;
  job* injected_first = nullptr;  // guarded
  atomic<int> injected{0};
  atomic<job*> handed{nullptr};
  atomic<worker*> reactor{nullptr};
  parker reactor_events;
  atomic<int> left{Shape == shape::meet ? Jobs : Jobs * 2};
  atomic<int> begun{0};
  job jobs[Jobs], children[Jobs];

  // --- submitting

  void submit_from_outside(job& j) {
    std::lock_guard const lock(injected_mutex);
    j.next = injected_first;
    injected_first = &j;
    injected.store(injected.load(Atomics::relaxed) + 1, Atomics::seq_cst);
    wake_if_needed();
  }
  void hand_over(job& j) {
    job* none = nullptr;
    if (!handed.compare_exchange_strong(none, &j, Atomics::seq_cst)) return submit_from_outside(j);
    if (Bug == bug::handed_silently) return;
    if (idle.should_wake_after_store() && handed.load(Atomics::seq_cst) == &j) wake_one();
  }
  void wake_if_needed() {
    if (idle.should_wake()) wake_one();
  }
  void wake_one() {
    worker* w = nullptr;
    {
      std::lock_guard const lock(sleepers_mutex);
      if (sleepers.empty()) return;
      w = sleepers.back();
      sleepers.pop_back();
      w->listed = false;
      idle.sleeper_to_searcher();
    }
    unpark(*w);
  }
  void unpark(worker& w) {
    switch (w.state.exchange(notified, Atomics::seq_cst)) {
      case on_condition: w.parking.unpark(); break;
      case in_reactor: reactor_events.unpark(); break;
      default: break;
    }
  }

  // --- looking for work

  job* find_job(worker& w) {
    if (job* const j = w.queue.pop()) return j;
    if (handed.load(Atomics::relaxed) != nullptr)
      if (job* const j = handed.exchange(nullptr, Atomics::seq_cst)) return j;
    if (injected.load(Atomics::seq_cst) != 0) {
      std::lock_guard const lock(injected_mutex);
      int const there = injected.load(Atomics::relaxed);
      if (there != 0) {
        job* const j = injected_first;
        injected_first = j->next;
        injected.store(there - 1, Atomics::seq_cst);
        return j;
      }
    }
    for (auto& victim : workers)
      if (&victim != &w)
        if (job* const j = victim.queue.steal()) return j;
    return nullptr;
  }
  job* next_job(worker& w) {
    job* j = find_job(w);
    if (j == nullptr) j = search(w);
    if (j != nullptr) stop_searching(w);
    return j;
  }
  job* search(worker& w) {
    if (!w.searching) {
      if (idle.searchers() * 2 >= Workers) return nullptr;
      idle.begin_search();
      w.searching = true;
    }
    return find_job(w);
  }
  void stop_searching(worker& w) {
    if (!std::exchange(w.searching, false)) return;
    if (!idle.end_search() || idle.sleepers() == 0) return;
    Atomics::process_barrier();
    if (Bug != bug::no_next && more_to_do()) wake_one();
  }
  bool more_to_do() const {
    return injected.load(Atomics::seq_cst) != 0 ||
           (Bug != bug::handed_unseen && handed.load(Atomics::seq_cst) != nullptr) ||
           std::any_of(std::begin(workers), std::end(workers), [](auto const& w) { return !w.queue.empty(); });
  }

  // --- sleeping

  void sleep(worker& w) {
    {
      std::lock_guard const lock(sleepers_mutex);
      sleepers.push_back(&w);
      w.listed = true;
      idle.begin_sleep();
      if (std::exchange(w.searching, false)) idle.end_search();
    }
    Atomics::process_barrier();
    bool const more = Bug != bug::no_second_look && more_to_do();
    if (!more && left.load(Atomics::seq_cst) != 0) {
      int expected = awake;
      worker* nobody = nullptr;
      if (reactor.compare_exchange_strong(nobody, &w, Atomics::seq_cst)) {
        if (w.state.compare_exchange_strong(expected, in_reactor, Atomics::seq_cst)) {
          while (w.state.load(Atomics::seq_cst) == in_reactor) reactor_events.park();
        }
        reactor.store(nullptr, Atomics::seq_cst);
      } else if (w.state.compare_exchange_strong(expected, on_condition, Atomics::seq_cst)) {
        w.parking.park();
      }
    }
    w.state.store(awake, Atomics::seq_cst);
    std::lock_guard const lock(sleepers_mutex);
    if (w.listed) {
      std::erase(sleepers, &w);
      w.listed = false;
      w.searching = more && Bug != bug::no_search_resumed;
      if (w.searching)
        idle.sleeper_to_searcher();
      else
        idle.end_sleep();
    } else {
      w.searching = true;
    }
  }

  // --- jobs

  void run(worker& w, job& j) {
    RL_ASSERT(j.content == 7);
    j.content = 8;  // once
    if (job* const child = j.child) {
      child->content = 7;
      w.queue.push(child);
      wake_if_needed();
      while (Shape == shape::fork_beside && child->over.load(Atomics::acquire) == 0) yield();
    }
    if (Shape == shape::meet) {
      begun.fetch_add(1, Atomics::seq_cst);
      while (begun.load(Atomics::seq_cst) != Jobs) yield();
    }
    j.over.store(1, Atomics::release);
    if (left.fetch_sub(1, Atomics::seq_cst) == 1)
      for (auto& other : workers) unpark(other);
  }

  void before() { sleepers.reserve(Workers); }

  void thread(unsigned index) {
    if (index == 0) {
      for (int i = 0; i < Jobs; ++i) {
        if (Shape != shape::meet) jobs[i].child = &children[i];
        jobs[i].content = 7;
        if (Shape == shape::handed)
          hand_over(jobs[i]);
        else
          submit_from_outside(jobs[i]);
      }
      return;
    }
    worker& w = workers[index - 1];
    while (left.load(Atomics::seq_cst) != 0) {
      if (job* const j = next_job(w))
        run(w, *j);
      else
        sleep(w);
    }
  }
  void after() {
    for (int i = 0; i < Jobs; ++i) {
      RL_ASSERT(jobs[i].content == 8);
      if (Shape != shape::meet) RL_ASSERT(children[i].content == 8);
    }
  }
};

}  // namespace

int main() {
  using fences = relacy_atomics<>;
  using barrier = relacy_atomics<without::nothing, true>;
  using weak_barrier = relacy_atomics<without::process_barrier, true>;
  checker c;
  c.expect<parking<fences, 2, 2, shape::fork>>(true, "parking, two workers", 30'000);
  c.expect<parking<barrier, 2, 2, shape::fork>>(true, "parking, two workers, process barrier", 30'000);
  c.expect<parking<barrier, 3, 2, shape::fork>>(true, "parking, three workers, process barrier", 30'000);
  c.expect<parking<fences, 2, 1, shape::fork_beside>>(true, "parking, child beside its parent", 30'000);
  c.expect<parking<barrier, 4, 2, shape::fork_beside>>(true, "parking, children beside, process barrier", 30'000);
  c.expect<parking<fences, 2, 2, shape::meet>>(true, "parking, two that meet", 30'000);
  c.expect<parking<fences, 3, 3, shape::meet>>(true, "parking, three that meet", 30'000);
  c.expect<parking<barrier, 3, 3, shape::meet>>(true, "parking, three that meet, process barrier", 30'000);
  c.expect<parking<fences, 2, 2, shape::handed>>(true, "parking, handed over", 30'000);
  c.expect<parking<barrier, 3, 2, shape::handed>>(true, "parking, handed over, process barrier", 30'000);
  c.expect<parking<fences, 2, 2, shape::fork, bug::no_second_look>>(false, "parking without a second look", 200'000);
  c.expect<parking<fences, 3, 3, shape::meet, bug::no_next>>(false, "parking, the last searcher wakes nobody", 200'000);
  c.expect<parking<fences, 2, 2, shape::meet, bug::no_search_resumed>>(false, "parking, the search is not resumed",
                                                                       200'000);
  c.expect<parking<fences, 2, 2, shape::handed, bug::handed_unseen>>(false, "parking, handed over and not seen",
                                                                     200'000);
  c.expect<parking<fences, 2, 1, shape::handed, bug::handed_silently>>(false, "parking, handed over silently", 200'000);
  c.expect<parking<relacy_atomics<without::seq_cst>, 2, 2, shape::handed>>(
      false, "parking, handed over, without seq_cst", 200'000);
  c.expect<parking<relacy_atomics<without::seq_cst>, 2, 2, shape::fork>>(false, "parking without seq_cst", 200'000);
  c.expect<parking<weak_barrier, 2, 2, shape::fork>>(false, "parking without the process barrier", 200'000);
  return c.result();
}
