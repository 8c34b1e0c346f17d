// A selection: one starts several operations and waits; others complete them, and somebody may take it back.
#include "support/relacy.hpp"

#include <mobula/core/selection.hpp>
#include <mobula/future/waiter_list.hpp>

#include <memory>

namespace {

using namespace mobula::model;
using mobula::detail::resumer;
using mobula::detail::waiter;

// Waits for an event, as a future does: who completes it is told of nothing, and may be late.
template <class Atomics>
struct event_operation : waiter {
  explicit event_operation(mobula::detail::waiter_list<Atomics>& l, plain<int>* f = nullptr) noexcept
      : waiter([](waiter& w) noexcept {
          auto& me = static_cast<event_operation&>(w);
          resumer& r = *me.who;
          if (me.frame != nullptr) static_cast<void>(static_cast<int>(*me.frame));  // stands for what is in it
          static_cast<void>(r.try_claim());
          r.wake(r);
        }),
        list(l),
        frame(f) {}
  bool ready() { return list.done(); }
  bool start(resumer& r) noexcept {
    who = &r;
    if (list.add(*this)) return true;
    static_cast<void>(r.try_claim());
    return false;
  }
  bool cancel() noexcept { return list.remove(*this); }
  void result() {}

  mobula::detail::waiter_list<Atomics>& list;
  plain<int>* frame;
  resumer* who = nullptr;
};

// Takes a token, of which there is one: what happens has an effect. Under a lock, as in the primitives.
template <class Atomics>
struct token {
  void lock() {
    while (held.exchange(1, Atomics::acquire) != 0) yield();
  }
  void unlock() { held.store(0, Atomics::release); }

  typename Atomics::template atomic<int> held{0};
  plain<int> there = 0;
  plain<resumer*> waiting = nullptr;
};

template <class Atomics>
struct token_operation {
  bool ready() { return false; }
  bool start(resumer& r) noexcept {
    from.lock();
    bool const at_once = from.there != 0;
    if (at_once) {
      if (r.try_claim()) from.there = 0;
    } else {
      from.waiting = &r;
    }
    from.unlock();
    return !at_once;
  }
  bool cancel() noexcept {
    from.lock();
    from.waiting = nullptr;
    from.unlock();
    return true;  // only losers are taken back
  }
  void result() {}

  token<Atomics>& from;
};

template <class Atomics>
void give(token<Atomics>& t) {
  t.lock();
  resumer* const r = t.waiting;
  t.waiting = nullptr;
  bool const wanted = r != nullptr && r->try_claim();
  if (!wanted) t.there = 1;
  t.unlock();
  if (wanted) r->wake(*r);
}

template <class Atomics>
struct waiting_thread : resumer {
  waiting_thread() noexcept
      : resumer{[](resumer& r) noexcept {
          auto& me = static_cast<waiting_thread&>(r);
          ++me.times;
          me.woken.store(1, Atomics::release);
        }} {}
  void await() {
    while (woken.load(Atomics::acquire) == 0) yield();
  }
  int times = 0;  // not part of what is modelled
  typename Atomics::template atomic<int> woken{0};
};

// Two events and the token: one of them happens, and the waiter is woken once, after nobody is left with it. With
// `Limit`, somebody takes it back, as a time limit does.
template <class Atomics, bool Limit, class Weakened = Atomics>
struct one_of_three : rl::test_suite<one_of_three<Atomics, Limit, Weakened>, 4> {
  using selection = mobula::detail::selection<Weakened>;

  mobula::detail::waiter_list<Atomics> first, second;
  token<Atomics> third;
  plain<int> value = 0;
  plain<int> frame = 0;
  int taken = 0, given = 0;  // not part of what is modelled

  void thread(unsigned index) {
    if (index == 1) {
      value = 42;
      return first.complete();
    }
    if (index == 2 && !Limit) return second.complete();
    if (index == 3) {
      ++given;
      return give(third);
    }
    if (index != 0) return;
    event_operation<Atomics> a(first, &frame), b(second, &frame);
    token_operation<Atomics> c{third};
    typename selection::branch branches[3];
    branches[0].watch(a);
    branches[1].watch(c);
    branches[2].watch(b);
    waiting_thread<Atomics> me;
    selection s(branches);
    if (s.start(me)) {
      if (!Limit || !s.cancel()) {
        me.await();
        RL_ASSERT(me.times == 1);
      } else {
        RL_ASSERT(me.times == 0);
      }
    }
    if (!Limit) RL_ASSERT(s.complete());
    if (s.winner() == 0) RL_ASSERT(value == 42);
    if (s.winner() == 1) ++taken;
    frame = 1;  // it ends: whoever completed something has to be through with it
  }
  void after() {
    int const left = third.there;
    RL_ASSERT(left + taken == given);  // not lost, not doubled
  }
};

// A selection in a selection: the outer one's other branch may win while the inner one is being won.
template <class Atomics>
struct nested : rl::test_suite<nested<Atomics>, 4> {
  using selection = mobula::detail::selection<Atomics>;

  mobula::detail::waiter_list<Atomics> first, second;
  token<Atomics> third;
  int taken = 0, given = 0;

  struct inner_operation {
    bool ready() { return false; }
    bool start(resumer& r) noexcept { return s.start(r); }
    bool cancel() noexcept { return s.cancel(); }
    void result() {}
    selection& s;
  };

  void thread(unsigned index) {
    if (index == 1) return first.complete();
    if (index == 2) return second.complete();
    if (index == 3) {
      ++given;
      return give(third);
    }
    event_operation<Atomics> a(first), b(second);
    token_operation<Atomics> c{third};
    typename selection::branch inside[2], outside[2];
    inside[0].watch(a);
    inside[1].watch(c);
    selection inner(inside);
    inner_operation d{inner};
    outside[0].watch(d);
    outside[1].watch(b);
    waiting_thread<Atomics> me;
    selection s(outside);
    if (s.start(me)) {
      me.await();
      RL_ASSERT(me.times == 1);
    }
    RL_ASSERT(s.complete());
    if (s.winner() == 0) {
      RL_ASSERT(inner.complete());
      if (inner.winner() == 1) ++taken;
    } else {
      RL_ASSERT(!inner.complete());
    }
  }
  void after() {
    int const left = third.there;
    RL_ASSERT(left + taken == given);
  }
};

}  // namespace

int main() {
  using right = relacy_atomics<>;
  checker c;
  c.expect<one_of_three<right, false>>(true, "selection of three", 300'000);
  c.expect<one_of_three<right, true>>(true, "selection that is taken back", 300'000);
  c.expect<nested<right>>(true, "selection in a selection", 300'000);
  c.expect<one_of_three<right, false, relacy_atomics<without::acquire>>>(false, "selection without acquire", 100'000);
  c.expect<one_of_three<right, false, relacy_atomics<without::release>>>(false, "selection without release", 100'000);
  return c.result();
}
