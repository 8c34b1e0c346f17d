// The owner pushes and pops while two thieves steal: each item is taken once, with what was written to it before.
#include "support/relacy.hpp"

#include <mobula/core/work_stealing_deque.hpp>

namespace {

using namespace mobula::model;

struct item {
  plain<int> content;
};

template <class Atomics, int Capacity, class Derived>
struct deque_model : rl::test_suite<Derived, 3> {
  static constexpr int items = 6;

  mobula::detail::work_stealing_deque<item, Atomics> queue{Capacity};
  item all[items];
  int taken[items] = {};  // not part of what is modelled

  void push(int i) {
    all[i].content = 100 + i;
    queue.push(&all[i]);
  }
  bool take(item* it) {
    if (it == nullptr) return false;
    auto const i = it - all;
    RL_ASSERT(it->content == 100 + static_cast<int>(i));
    it->content = -1;  // whoever has taken it owns it
    ++taken[i];
    return true;
  }
  void drain() {
    while (take(queue.pop())) {}
  }
  void after() {
    for (int const n : taken) RL_ASSERT(n == 1);
  }
};

// Growth from one slot, then down to the last item, and up again in used slots.
template <class Atomics>
struct growing : deque_model<Atomics, 1, growing<Atomics>> {
  void thread(unsigned index) {
    if (index == 0) {
      for (int i = 0; i < 3; ++i) this->push(i);
      this->take(this->queue.pop());
      this->push(3);
      this->take(this->queue.pop());
      this->take(this->queue.pop());
      this->push(4);
      this->push(5);
      this->drain();
    } else {
      for (int i = 0; i < 3; ++i) this->take(this->queue.steal());
    }
  }
};

// One item at a time: owner and thieves race for the last one, in slots that are used again and again.
template <class Atomics>
struct last_item : deque_model<Atomics, 2, last_item<Atomics>> {
  void thread(unsigned index) {
    if (index == 0) {
      for (int i = 0; i < this->items; ++i) {
        this->push(i);
        if (i % 2 == 1) this->take(this->queue.pop());
      }
      this->drain();
    } else {
      for (int i = 0; i < 3; ++i) this->take(this->queue.steal());
    }
  }
};

// Fork-join's way: the owner takes back what it has pushed, if it is still there.
template <class Atomics>
struct take_back : deque_model<Atomics, 2, take_back<Atomics>> {
  void thread(unsigned index) {
    if (index == 0) {
      for (int i = 0; i < this->items; i += 2) {
        this->push(i);
        this->push(i + 1);
        if (this->queue.pop_if(&this->all[i + 1])) this->take(&this->all[i + 1]);
        RL_ASSERT(!this->queue.pop_if(&this->all[i + 1]));
        if (this->queue.pop_if(&this->all[i])) this->take(&this->all[i]);
      }
      this->drain();
    } else {
      for (int i = 0; i < 3; ++i) this->take(this->queue.steal());
    }
  }
};

// One who steals in batches pushes what it has taken to its own queue, from which the first owner steals it back.
template <class Atomics>
struct two_queues : deque_model<Atomics, 2, two_queues<Atomics>> {
  mobula::detail::work_stealing_deque<item, Atomics> second{2};

  void thread(unsigned index) {
    if (index == 0) {
      for (int i = 0; i < this->items; ++i) this->push(i);
      this->take(second.steal());
      this->drain();
      this->take(second.steal());
    } else if (index == 1) {
      for (int i = 0; i < 3; ++i)
        if (item* const it = this->queue.steal()) second.push(it);
      while (this->take(second.pop())) {}
    } else {
      for (int i = 0; i < 2; ++i) this->take(second.steal());
    }
  }
};

}  // namespace

int main() {
  using right = relacy_atomics<>;
  checker c;
  c.expect<growing<right>>(true, "deque, growing", 240'000);
  c.expect<last_item<right>>(true, "deque, the last item", 240'000);
  c.expect<take_back<right>>(true, "deque, taken back", 240'000);
  c.expect<two_queues<right>>(true, "two deques", 240'000);
  // Each ordering is needed.
  c.expect<last_item<relacy_atomics<without::acquire>>>(false, "deque without acquire", 1'000'000);
  c.expect<last_item<relacy_atomics<without::release>>>(false, "deque without release", 1'000'000);
  c.expect<last_item<relacy_atomics<without::seq_cst>>>(false, "deque without sequential consistency", 1'000'000);
  return c.result();
}
