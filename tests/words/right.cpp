// Calls that are right, beside names that others have as well: what is there for mistakes changes none of them.

#include <mobula/mobula.hpp>

#include <sys/select.h>
#include <sys/wait.h>
#include <array>
#include <chrono>
#include <coroutine>
#include <functional>
#include <list>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

using namespace mobula;

namespace user {

struct box {
  int v;
};
int get(box const& b) { return b.v; }
template <class T>
struct wrap {
  T t;
};
template <class T>
T const& get(wrap<T> const& w) {
  return w.t;
}
int wait(box const&) { return 1; }
int select(box) { return 2; }
template <class T>
void cancel(T const&) {}
}  // namespace user
struct name {
  name(char const*) {}
};
int get(name) { return 3; }
struct awaits {
  auto operator co_await() const { return sleep_for(std::chrono::seconds(1)).operator co_await(); }
};
struct by_hand {
  bool await_ready() { return true; }
  void await_suspend(std::coroutine_handle<>) {}
  int await_resume() { return 1; }
};
task<int> co() {
  co_await awaits{};
  by_hand b;
  int x = co_await b;
  co_return x + co_await by_hand{};
}
struct callable {
  int operator()(int) & { return 1; }
};
struct base {
  int f(int x) { return x; }
};
struct derived : base {};
int main() {
  std::tuple<int, double> t{1, 2};
  std::variant<int, std::string> v{1};
  std::array<int, 2> a{};
  int s = std::get<0>(t) + std::get<int>(v) + std::get<1>(a);
  user::box b{1};
  user::wrap<future<int>> w;
  s += get(b) + wait(b) + select(b);
  auto const& f = get(w);
  (void)f;
  cancel(b);
  s += get("abc");
  int status;
  (void)::wait(&status);
  (void)wait(nullptr);
  fd_set r;
  timeval tv{};
  (void)select(1, &r, nullptr, nullptr, &tv);
  callable c;
  auto rc = mobula::remote(c);
  s += mobula::get(rc(1));
  s += mobula::get(mobula::remote(&base::f)(derived(), 2));
  derived d;
  s += mobula::get(mobula::remote(&base::f)(&d, 2)) + mobula::get(mobula::remote(&base::f)(std::ref(d), 2));
  auto act = make_actor<derived>();
  s += mobula::get(act.call<&base::f>(1));
  std::list<future<int>> fs;
  s += mobula::get(fs).empty();
  auto ai = make_actor<int>(3);
  s += mobula::get(ai.call([](int& x) { return ++x; }));
  s += mobula::get(mobula::remote([](std::string_view x) { return x.size(); })("abc")) > 0;
  std::vector<bool> flags{true};
  auto neg = mobula::map([](bool x) { return !x; }, flags);
  s += neg[0];
  int raw[3] = {1, 2, 3};
  s += mobula::map([](int& x) { return x; }, raw)[0];
  s += mobula::reduce(raw, 0);
  auto sum = mobula::remote([](auto... xs) { return (xs + ... + 0); })(1, 2, 3, 4, 5, 6);
  s += mobula::get(sum);
  auto fn = std::function<int(int)>([](int x) { return x; });
  s += mobula::get(mobula::remote(fn)(1));
  for (int x : mobula::map_window(fn, std::views::iota(0, 3))) s += x;
  auto const o = mobula::remote(fn).options({.max_retries = 2});
  s += mobula::get(o(1));
  return s;
}
