// An actor's mailbox: who pushes to one at rest works on it; nothing is lost, one is at work at a time, and each caller's
// messages are handled in order.
#include "support/relacy.hpp"

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

}  // namespace

int main() {
  checker c;
  c.expect<mailbox_model<relacy_atomics<>>>(true, "mailbox", 1'200'000);
  c.expect<mailbox_model<relacy_atomics<without::acquire>>>(false, "mailbox without acquire", 100'000);
  c.expect<mailbox_model<relacy_atomics<without::release>>>(false, "mailbox without release", 100'000);
  return c.result();
}
