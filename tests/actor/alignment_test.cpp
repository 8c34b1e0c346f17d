// Types with a stricter alignment than new gives, and than a cache line: wherever they go, they lie where they must.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;

namespace {

// Counts itself misplaced whenever one is made, copied or moved to a wrong address.
template <std::size_t A>
struct alignas(A) aligned {
  static inline int misplaced = 0, made = 0;
  explicit aligned(int n = 0) : value(n) { note(); }
  aligned(aligned const& o) : value(o.value) { note(); }
  aligned(aligned&& o) noexcept : value(o.value) { note(); }
  aligned& operator=(aligned const& o) = default;
  ~aligned() = default;
  void note() const {
    auto const* volatile place = this;  // the compiler knows where it ought to be
    misplaced += reinterpret_cast<std::uintptr_t>(place) % A == 0 ? 0 : 1;
    ++made;
  }
  int value;
};

template <class T>
mb::task<T> through_a_frame(T given, char fill) {
  std::array<char, 53> odd{fill};
  T mine(given.value + 1);
  co_await mb::yield();
  T const after(mine.value + odd[0] - fill);
  co_await mb::yield();
  co_return after;
}

template <class T>
mb::generator<T> elements(int n) {
  for (int i = 0; i < n; ++i) {
    T const here(i);
    co_yield here;
    co_yield T(here.value);
  }
}

template <class T>
struct keeper {
  explicit keeper(T const& t = T()) : mine(t) {}
  T add(T const& t) { return T(mine.value += t.value); }
  mb::task<T> add_later(T t) {
    co_await mb::yield();
    mb::save_state(mine);
    co_return T(mine.value += t.value);
  }
  char odd = 'x';
  T mine;
};

template <class T>
void use_tasks() {
  T const one(1);
  CHECK(mb::get(mb::remote([one](T const& t, char) { return T(one.value + t.value); })(T(2), 'c')).value == 3);
  CHECK(mb::get(mb::remote([](char, T t) { return t; })('c', mb::remote([] { return T(4); })())).value == 4);
  CHECK(mb::get(mb::remote(through_a_frame<T>)(T(1), 'c')).value == 2);
  CHECK(mb::get(mb::remote([] { return T(1); }).options({.max_retries = 1, .cancellable = true})()).value == 1);
  CHECK(mb::get(mb::put(T(5))).value == 5);
  CHECK(mb::get(mb::remote([] { return T(1); })().then([one](T const& t) { return T(t.value + one.value); })).value ==
        2);
  auto const [a, b] = mb::split(mb::remote([] { return std::pair(T(1), 'c'); })());
  CHECK(mb::get(a).value == 1);
  mb::promise<T> p;
  auto const f = p.get_future();
  p.set_value(T(7));
  CHECK(mb::get(f).value == 7);
  auto const fork = []() -> mb::task<T> {
    auto [x, y] = co_await mb::when_all(through_a_frame(T(1), 'x'), through_a_frame(T(2), 'y'));
    co_return T(x.value + y.value);
  };
  CHECK(mb::get(mb::remote(fork)()).value == 5);
  mb::task_group g;
  int sum = 0;
  for (int i = 0; i < 10; ++i) g.run([&sum, t = T(i)] { sum += t.value; });
  mb::get(g.join());
  CHECK(sum == 45);
}

template <class T>
void use_batches() {
  std::vector<T> xs;
  for (int i = 0; i < 40; ++i) xs.emplace_back(i);
  auto const f = [one = T(1)](T const& t) { return T(t.value + one.value); };
  CHECK(mb::map(f, xs)[39].value == 40);
  CHECK(mb::get(mb::submit_all(f, xs))[39].value == 40);
  CHECK(mb::map_outcomes(f, xs)[39].get().value == 40);
  CHECK(mb::map([](T const& t) { return through_a_frame(t, 'c'); }, xs, {.in_flight = 3})[39].value == 40);
  int sum = 0;
  for (auto const& [i, t] : mb::map_unordered(f, xs, {.in_flight = 3})) sum += t.value;
  for (T const& t : mb::map_window(f, xs, {.in_flight = 3})) sum += t.value;
  for (T const& t : mb::remote(elements<T>)(10)) sum += t.value;
  for (T const& t : elements<T>(10)) sum += t.value;
  CHECK(sum == 2 * 820 + 4 * 45);
  mb::channel<T> c(2);
  auto const sends = [c]() -> mb::task<> {
    for (int i = 0; i < 10; ++i) co_await c.send(T(i));
    c.close();
  };
  auto const sent = mb::remote(sends)();
  for (T const& t : mb::each(c)) sum -= t.value;
  CHECK(sum == 2 * 820 + 3 * 45);
  mb::get(sent);
}

template <class T>
void use_actors() {
  auto const a = mb::make_actor<keeper<T>>(T(1));
  CHECK(mb::get(a.template call<&keeper<T>::add>(T(2))).value == 3);
  CHECK(mb::get(a.template call<&keeper<T>::add_later>(mb::put(T(2)))).value == 5);
  a.post([t = T(1)](keeper<T>& k) { k.mine.value += t.value; });
  CHECK(mb::get(a.call([t = T(1)](keeper<T>& k) { return T(k.mine.value + t.value); })).value == 7);
  auto const again = [](keeper<T>& k, mb::saved_state const& s) { k.mine = s.get<T>(); };
  auto const b = mb::make_actor<keeper<T>>.options({.max_restarts = 1, .on_restart = again})(T(1));
  CHECK(mb::get(b.template call<&keeper<T>::add_later>(T(2))).value == 3);
  b.kill({.restart = true});
  CHECK(mb::get(b.template call<&keeper<T>::add>(T(2))).value == 3);
  mb::actor_pool<keeper<T>> const pool({mb::make_actor<keeper<T>>(), mb::make_actor<keeper<T>>(T(0))});
  std::vector<T> const xs(6, T(1));
  int sum = 0;
  for (T const& t : pool.template map<&keeper<T>::add>(xs)) sum += t.value > 0 ? 1 : 0;
  CHECK(sum == 6);
}

template <std::size_t A>
void use_all() {
  using T = aligned<A>;
  INFO("alignment " << A);
  T::made = T::misplaced = 0;
  {
    mb::manual_runtime const rt;
    use_tasks<T>();
    use_batches<T>();
    use_actors<T>();
  }
  CHECK(T::made > 300);
  CHECK(T::misplaced == 0);
}

}  // namespace

TEST_CASE("values of any alignment lie where they must: results, captures, arguments, frames, batches, actors",
          "[actor]") {
  use_all<32>();
  use_all<128>();
  use_all<4096>();
}
