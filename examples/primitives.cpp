// What tasks wait for together: one idea a function. Each is the same in coroutines (co_await), in plain tasks and in
// main (mb::get), and holds up no worker.

#include <mobula/mobula.hpp>

#include <chrono>
#include <cstdio>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

// [mutex]
struct account {
  mb::mutex m;
  int balance = 0;
};

mb::task<> deposit(account& a, int amount) {
  auto const guard = co_await a.m.lock();  // held over the co_await below, by nobody else meanwhile
  int const before = a.balance;
  co_await mb::sleep_for(100us);
  a.balance = before + amount;
}
// [/mutex]

int deposits() {
  account a;
  std::vector<mb::future<void>> all;
  for (int i = 1; i <= 10; ++i) all.push_back(mb::remote([&a, i] { return deposit(a, i); })());
  mb::get(all);
  // [main]
  auto const guard = mb::get(a.m.lock());
  return a.balance;
  // [/main]
}

// [timeout]
std::string try_for_a_while(mb::mutex& m) {
  try {
    auto const guard = mb::get(m.lock(), 5ms);
    return "got it";
  } catch (mb::timeout_error const&) { return "somebody else has it"; }
}
// [/timeout]

// [select]
mb::task<std::string> whichever_is_free(mb::mutex& left, mb::mutex& right) {
  auto const one = co_await mb::select(left.lock(), right.lock());  // owns one of them, and has not touched the other
  co_return one.index() == 0 ? "left" : "right";
}
// [/select]

// [shared_mutex]
class directory {
 public:
  mb::task<int> find(std::string name) {
    auto const guard = co_await m_.lock_shared();  // beside other readers
    auto const at = numbers_.find(name);
    co_return at == numbers_.end() ? 0 : at->second;
  }
  mb::task<> add(std::string name, int number) {
    auto const guard = co_await m_.lock();  // alone; readers who come later wait behind it
    numbers_[name] = number;
  }

 private:
  mb::shared_mutex m_;
  std::map<std::string, int> numbers_;
};
// [/shared_mutex]

// [condition_variable]
class inbox {
 public:
  mb::task<> put(int letter) {
    auto const guard = co_await m_.lock();
    letters_.push_back(letter);
    filled_.notify_one();
  }
  mb::task<int> take() {
    auto guard = co_await m_.lock();
    co_await filled_.wait(guard, [this] { return !letters_.empty(); });
    int const letter = letters_.front();
    letters_.pop_front();
    co_return letter;
  }
  bool empty_for(std::chrono::milliseconds d) {
    auto guard = mb::get(m_.lock());
    return !mb::get(filled_.wait_for(guard, d, [this] { return !letters_.empty(); }));
  }

 private:
  mb::mutex m_;
  mb::condition_variable filled_;
  std::deque<int> letters_;
};
// [/condition_variable]

// [semaphore]
mb::task<> fetch(mb::semaphore& connections, int& open, int& most) {
  co_await connections.acquire();
  most = std::max(most, ++open);
  co_await mb::sleep_for(1ms);
  --open;
  connections.release();
}
// [/semaphore]

int most_connections() {
  mb::manual_runtime rt;  // so that the tasks need no lock for their counts
  mb::semaphore connections(3);
  int open = 0, most = 0;
  std::vector<mb::future<void>> all;
  for (int i = 0; i < 10; ++i) all.push_back(mb::remote([&] { return fetch(connections, open, most); })());
  mb::get(all);
  return most;
}

// [event]
mb::task<int> poll_until(mb::event& quit) {
  for (int polls = 1;; ++polls) {
    auto const next = co_await mb::select(quit.wait(), mb::sleep_for(10ms));
    if (next.index() == 0) co_return polls;
  }
}
// [/event]

int polls() {
  mb::manual_runtime rt;
  mb::event quit;
  auto poller = mb::remote([&] { return poll_until(quit); })();
  rt.advance(35ms);
  quit.set();
  return mb::get(poller);
}

// [latch]
int load_all(int parts) {
  mb::latch loaded(parts);
  std::vector<int> sizes(static_cast<std::size_t>(parts));
  std::vector<mb::future<void>> tasks;
  for (int i = 0; i < parts; ++i)
    tasks.push_back(mb::remote([&, i] {
      sizes[static_cast<std::size_t>(i)] = i + 1;
      loaded.count_down();
    })());
  mb::get(loaded.wait());
  int sum = 0;
  for (int const n : sizes) sum += n;
  mb::get(tasks);
  return sum;
}
// [/latch]

// [barrier]
std::vector<double> heat(int steps) {
  std::vector<double> now{0, 0, 8, 0, 0}, next = now;
  mb::barrier all(3, [&]() noexcept { std::swap(now, next); });  // the last to arrive does that
  auto const cell = [&](std::size_t i) -> mb::task<> {
    for (int s = 0; s < steps; ++s) {
      next[i] = (now[i - 1] + 2 * now[i] + now[i + 1]) / 4;
      co_await all.arrive_and_wait();
    }
  };
  auto a = mb::remote(cell)(1), b = mb::remote(cell)(2), c = mb::remote(cell)(3);
  mb::get(a, b, c);
  return now;
}
// [/barrier]

}  // namespace

int main() {
  mb::runtime ray({.num_cpus = 2});

  std::printf("mutex: %d\n", deposits());

  mb::mutex left, right;
  auto held = left.try_lock();
  std::printf("timeout: %s\n", try_for_a_while(left).c_str());
  std::printf("select: %s\n", mb::get(whichever_is_free(left, right)).c_str());
  held.unlock();
  std::printf("timeout: %s\n", try_for_a_while(left).c_str());

  directory d;
  mb::get(d.add("ada", 1815));
  std::printf("shared_mutex: %d %d\n", mb::get(d.find("ada")), mb::get(d.find("bob")));

  inbox in;
  auto letter = mb::remote([&] { return in.take(); })();
  mb::get(in.put(7));
  std::printf("condition_variable: letter %d", mb::get(letter));
  std::printf(", then %s\n", in.empty_for(5ms) ? "none" : "another");

  std::printf("semaphore: %d at once\n", most_connections());
  std::printf("event: %d polls\n", polls());
  std::printf("latch: %d\n", load_all(10));
  auto const t = heat(2);
  std::printf("barrier: %g %g %g\n", t[1], t[2], t[3]);
}
