// Results that tell of their completion, and the one who takes them in that order, sleeps, gives up sleeping, and leaves
// while some are on their way.
#include "support/relacy.hpp"

#include <mobula/future/arrival_list.hpp>

namespace {

using namespace mobula::model;

struct node {
  plain<node*> next;
  plain<int> value;
};

template <class Atomics>
struct sleeper {
  explicit sleeper(int m) : mark(m) {}
  plain<int> mark;
  typename Atomics::template atomic<int> woken{0};  // stands for the queue that carries the sleeper's job on

  void await() {
    while (woken.load(Atomics::acquire) == 0) yield();
  }
};

// Threads 1 and 2 push two each; thread 0 takes all, each once, and each pusher's in order.
template <class Atomics, bool Cancels>
struct take_all : rl::test_suite<take_all<Atomics, Cancels>, 3> {
  static constexpr int each = 2;
  mobula::detail::arrival_list<node, sleeper<Atomics>, Atomics> list;
  node nodes[2][each];

  void thread(unsigned index) {
    if (index > 0) return push(index - 1);
    int seen[2] = {0, 0};
    for (int left = 2 * each; left > 0;) {
      node* taken = list.take_all();
      if (taken == nullptr) {
        sleep();
        continue;
      }
      for (; taken != nullptr; taken = taken->next) {
        int const v = taken->value;
        RL_ASSERT(v % 10 == seen[v / 10]);
        ++seen[v / 10];
        --left;
      }
    }
    RL_ASSERT(list.take_all() == nullptr);
  }

  void sleep() {
    sleeper<Atomics> me(7);
    if (!list.sleep(me)) return;
    if (Cancels && list.stop_sleeping(me)) {
      me.mark = -1;
      return;
    }
    me.await();
    me.mark = -1;
  }

  void push(unsigned who) {
    for (int i = 0; i < each; ++i) {
      node& n = nodes[who][i];
      n.value = static_cast<int>(who) * 10 + i;
      auto const [to_wake, closed] = list.push(n);
      RL_ASSERT(!closed);
      if (to_wake == nullptr) continue;
      RL_ASSERT(to_wake->mark == 7);
      to_wake->woken.store(1, Atomics::release);
    }
  }
};

// As completion_order::board: thread 0 takes what there is and leaves; the last to be done frees, once, after all else.
template <class Atomics, bool Careless = false>
struct leave : rl::test_suite<leave<Atomics, Careless>, 3> {
  mobula::detail::arrival_list<node, sleeper<Atomics>, Atomics> list;
  typename Atomics::template atomic<int> shares{0};
  node nodes[2];
  plain<int> board;
  int freed = 0;  // not part of what is modelled

  void release(int n) {
    if (shares.fetch_sub(n, Atomics::acq_rel) != n) return;
    ++freed;
    board = -1;
    for (auto& n_ : nodes) n_.value = -1;
  }

  void thread(unsigned index) {
    RL_ASSERT(freed == 0);
    if (index > 0) {
      node& n = nodes[index - 1];
      RL_ASSERT(board == 1);
      n.value = 1;
      auto const [to_wake, closed] = list.push(n);
      RL_ASSERT(to_wake == nullptr);
      if (closed) release(1);
      return;
    }
    int coming = 2;
    for (node* n = list.take_all(); n != nullptr; n = n->next) --coming;
    if (!Careless) shares.store(coming + 1, Atomics::relaxed);
    int here = 1;
    for (node* n = list.close(); n != nullptr; n = n->next) ++here;
    if (Careless) shares.store(coming + 1, Atomics::relaxed);
    release(here);
  }
  void before() { board = 1; }
  void after() { RL_ASSERT(freed == 1); }
};

}  // namespace

int main() {
  using right = relacy_atomics<>;
  using no_acquire = relacy_atomics<without::acquire>;
  using no_release = relacy_atomics<without::release>;
  checker c;
  c.expect<take_all<right, false>>(true, "arrivals, push, take and sleep", 400'000);
  c.expect<take_all<right, true>>(true, "arrivals, and giving up sleeping", 400'000);
  c.expect<leave<right>>(true, "arrivals, leaving", 400'000);
  c.expect<take_all<no_acquire, true>>(false, "arrivals without acquire", 100'000);
  c.expect<take_all<no_release, true>>(false, "arrivals without release", 100'000);
  c.expect<leave<right, true>>(false, "leaving, shares counted too late", 100'000);
  c.expect<leave<no_release>>(false, "leaving without release", 100'000);
  return c.result();
}
