// A future: one completes it while others wait, look, and give up waiting; and its count of references.
#include "support/relacy.hpp"

#include <mobula/future/waiter_list.hpp>

namespace {

using namespace mobula::model;

template <class Atomics>
struct waiting : mobula::detail::waiter {
  explicit waiting(void* o) noexcept
      : waiter([](waiter& w) noexcept {
          auto& me = static_cast<waiting&>(w);
          RL_ASSERT(me.living);
          ++me.times;
          me.notified.store(1, Atomics::release);  // stands for the queue that carries the job on
        }),
        owner(o) {}

  void await() {
    while (notified.load(Atomics::acquire) == 0) yield();
  }

  void* owner;
  int times = 0;       // not part of what is modelled
  bool living = true;  // this neither
  typename Atomics::template atomic<int> notified{0};
};

// Thread 0 writes the value and completes. Others add themselves; some give up. Each is told once or was removed, and
// whoever is told, or finds it done, sees the value.
template <class Atomics>
struct publish_and_complete : rl::test_suite<publish_and_complete<Atomics>, 4> {
  mobula::detail::waiter_list<Atomics> list;
  plain<int> value;

  void thread(unsigned index) {
    if (index == 0) {
      value = 42;
      list.complete();
      return;
    }
    if (list.done()) RL_ASSERT(value == 42);
    waiting<Atomics> first(this), second(this);
    bool const both = index == 2;
    if (!list.add(first)) {
      RL_ASSERT(value == 42);
      RL_ASSERT(first.times == 0);
      return;
    }
    bool const second_added = both && list.add(second);
    if (index != 1) {  // gives up
      if (list.remove(first)) {
        RL_ASSERT(first.times == 0);
        first.living = false;
      } else {
        first.await();
        RL_ASSERT(value == 42);
        RL_ASSERT(first.times == 1);
      }
    } else {
      first.await();
      RL_ASSERT(value == 42);
      RL_ASSERT(first.times == 1);
    }
    if (second_added) {
      second.await();
      RL_ASSERT(value == 42);
      RL_ASSERT(second.times == 1);
    }
    first.living = second.living = false;
  }
};

// The count in shared_state.hpp, step by step: a handle that sees itself to be the last share spares the
// read-modify-write. The state is freed once, after everything else that was done to it.
template <class Atomics, bool Careless = false>
struct references : rl::test_suite<references<Atomics, Careless>, 3> {
  static constexpr std::uint32_t producer = std::uint32_t{1} << 31;
  typename Atomics::template atomic<std::uint32_t> count{producer + 2};
  mobula::detail::waiter_list<Atomics> list;
  plain<int> value;
  plain<int> reads[3];
  int freed = 0;  // not part of what is modelled

  void release(std::uint32_t share) {
    auto const first_look = Careless ? Atomics::relaxed : Atomics::acquire;
    if (count.load(first_look) == share || count.fetch_sub(share, Atomics::acq_rel) == share) {
      ++freed;
      value = -1;
      for (auto& r : reads) r = -1;
    }
  }
  void thread(unsigned index) {
    RL_ASSERT(freed == 0);
    if (index == 0) {
      value = 42;
      list.complete();
      reads[0] = 1;
      release(producer);
      return;
    }
    if (index == 1) {
      count.fetch_add(1, Atomics::relaxed);  // a copy
      if (list.done()) RL_ASSERT(value == 42);
      reads[1] = 1;
      release(1);
    } else if (list.done() && (count.load(Atomics::acquire) & ~producer) == 1) {
      RL_ASSERT(value == 42);  // the last handle moves the value out
      value = 43;
    }
    reads[index] = 2;
    release(1);
  }
  void after() { RL_ASSERT(freed == 1); }
};

}  // namespace

int main() {
  using right = relacy_atomics<>;
  checker c;
  c.expect<publish_and_complete<right>>(true, "future, add, remove and complete", 900'000);
  c.expect<references<right>>(true, "future, references", 900'000);
  c.expect<publish_and_complete<relacy_atomics<without::acquire>>>(false, "future without acquire", 100'000);
  c.expect<publish_and_complete<relacy_atomics<without::release>>>(false, "future without release", 100'000);
  c.expect<references<right, true>>(false, "references, looking without acquire", 100'000);
  c.expect<references<relacy_atomics<without::release>>>(false, "references without release", 100'000);
  return c.result();
}
