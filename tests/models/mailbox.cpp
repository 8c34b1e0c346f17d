// An actor's mailbox: who pushes to one at rest works on it; nothing is lost, one is at work at a time, and each caller's
// messages are handled in order.
#include "support/relacy.hpp"

#include <mobula/actor/list_lock.hpp>
#include <mobula/actor/mailbox.hpp>

namespace {

using namespace mobula::model;

struct message {
  plain<message*> next;
  plain<int> caller;
  plain<int> number;
};

template <class Atomics>
struct mailbox_model : rl::test_suite<mailbox_model<Atomics>, 3> {
  static constexpr int callers = 3, each = 3;

  mobula::detail::mailbox<message, Atomics> box;
  message messages[callers][each];
  plain<int> handled[callers];  // the actor's state: only by who is at work
  int at_work = 0;              // not part of what is modelled
  int total = 0;                // this neither

  void before() {
    for (auto& h : handled) h = 0;
  }

  // As actor_cell_base::work, which keeps what it has taken.
  mobula::detail::message_list<message> in_order, urgent;
  void work() {
    RL_ASSERT(++at_work == 1);
    for (;;) {
      box.take_all(in_order, urgent);
      if (in_order.empty() && urgent.empty()) {
        --at_work;  // from a successful rest on, another may be at work
        if (box.rest()) return;
        RL_ASSERT(++at_work == 1);
        continue;
      }
      auto const [m, kind] = urgent.empty() ? in_order.pop() : urgent.pop();
      int const c = m->caller;
      RL_ASSERT(kind == kind_of(c));
      RL_ASSERT(m->number == handled[c]);
      handled[c] = m->number + 1;
      ++total;
      m->number = -1;  // the message is the worker's
    }
  }

  // The last caller's go before the others'.
  static mobula::detail::message_kind kind_of(int caller) {
    return caller == callers - 1 ? mobula::detail::message_kind::high : mobula::detail::message_kind::normal;
  }

  void thread(unsigned index) {
    if (index == 0) work();  // a new actor is at work on its constructor
    for (int i = 0; i < each; ++i) {
      message& m = messages[index][i];
      m.caller = static_cast<int>(index);
      m.number = i;
      if (box.push(m, kind_of(m.caller))) work();
    }
  }
  void after() { RL_ASSERT(total == callers * each); }
};

// One who is not at work takes calls out, as lane::take_calls: each call is handled once or taken once, and the lists of
// whoever is at work are one's at a time.
template <class Atomics>
struct taken_model : rl::test_suite<taken_model<Atomics>, 3> {
  static constexpr int callers = 2, each = 3;

  mobula::detail::mailbox<message, Atomics> box;
  mobula::detail::list_lock<Atomics> lock;
  mobula::detail::message_list<message> in_order, urgent;
  plain<int> lists;  // stands for these two
  plain<int> state;  // the actor's
  message messages[callers][each];
  int over = 0;  // not part of what is modelled

  void before() { lists = state = 0; }

  void end(message& m) {
    RL_ASSERT(m.number == 1);
    m.number = 0;
    ++over;
  }

  void work() {
    for (;;) {
      lists = lists + 1;
      if (in_order.empty()) box.take_all(in_order, urgent);
      auto const [m, kind] = in_order.pop();
      if (m == nullptr) {
        if (box.rest()) return;
        continue;
      }
      state = state + 1;
      bool const opens = !in_order.empty();
      if (opens) lock.open();
      end(*m);
      if (opens) lock.close();
    }
  }

  void take() {
    mobula::detail::message_list<message> taken, high;
    if (lock.borrow()) {
      lists = lists + 1;
      in_order.give_calls(taken);
      lock.give_back();
    }
    box.take_from_outside(taken, high);
    for (auto m = taken.pop(); m.message != nullptr; m = taken.pop()) end(*m.message);
  }

  void thread(unsigned index) {
    if (index == callers) {
      take();
      take();
      return;
    }
    if (index == 0) work();
    for (message& m : messages[index]) {
      m.number = 1;
      if (box.push(m)) work();
    }
  }
  void after() { RL_ASSERT(over == callers * each); }
};

}  // namespace

int main() {
  checker c;
  c.expect<mailbox_model<relacy_atomics<>>>(true, "mailbox", 1'200'000);
  c.expect<mailbox_model<relacy_atomics<without::acquire>>>(false, "mailbox without acquire", 100'000);
  c.expect<mailbox_model<relacy_atomics<without::release>>>(false, "mailbox without release", 100'000);
  c.expect<taken_model<relacy_atomics<>>>(true, "calls taken out", 400'000);
  c.expect<taken_model<relacy_atomics<without::nothing, true>>>(true, "calls taken out, with a process barrier",
                                                                400'000);
  c.expect<taken_model<relacy_atomics<without::acquire>>>(false, "calls taken out without acquire", 200'000);
  c.expect<taken_model<relacy_atomics<without::release>>>(false, "calls taken out without release", 200'000);
  c.expect<taken_model<relacy_atomics<without::seq_cst>>>(false, "calls taken out without seq_cst", 400'000);
  c.expect<taken_model<relacy_atomics<without::process_barrier, true>>>(false, "calls taken out without the barrier",
                                                                        400'000);
  return c.result();
}
