#include "support/catch.hpp"

#include <mobula/mobula.hpp>

#include <functional>
#include <string>

namespace mb = mobula;

namespace {

class reader {
 public:
  explicit reader(mb::channel<int> c) : c_(std::move(c)) {}
  int read() { return mb::get(c_.receive()).value_or(0); }
  mb::task<int> read_later() { co_return (co_await c_.receive()).value_or(0); }
  int wait_for(mb::future<int> const& f) { return mb::get(f); }

 private:
  mb::channel<int> c_;
};

}  // namespace

TEST_CASE("the dump shows calls of actors, those that wait in the mailbox, and what posts wait for") {
  mb::manual_runtime rt({.track_tasks = true});
  mb::channel<int> c(1);
  auto a = mb::make_actor<reader>(c);
  auto b = mb::make_actor<reader>(c);
  auto const first = a.call<&reader::read>();
  std::string const line = std::to_string(__LINE__ - 1), next = std::to_string(__LINE__ + 1);
  auto const second = a.call<&reader::read_later>();
  b.post<&reader::read>();
  rt.run_until_idle();
  std::string const dump = mb::dump_tasks();
  INFO(dump);
  CHECK(dump.find("2 tasks: 0 run, 1 waits, 1 has not begun\n") == 0);
  CHECK(dump.find("reader::read', submitted at " __FILE__ ":" + line + ", waits\n") != std::string::npos);
  CHECK(dump.find("dump_tasks_test.cpp:" + next + ", has not begun: waits for its turn\n") != std::string::npos);
  CHECK(dump.find("reader::read on worker 0 waits\n") != std::string::npos);
  for (int i = 0; i < 3; ++i) mb::get(c.send(1));
  CHECK(mb::get(first) + mb::get(second) == 2);
}

TEST_CASE("a circle of tasks and actors is an error at once") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    mb::manual_runtime rt({.seed = seed, .track_tasks = true});
    auto a = mb::make_actor<reader>(mb::channel<int>(1));
    mb::future<int> task;
    task = mb::remote([&] { return mb::get(a.call<&reader::read_later>()); }).options({.name = "the task"})();
    auto const call = a.call<&reader::wait_for>(std::cref(task));  // before that of the task, which has to wait for it
    rt.run_until_idle();
    REQUIRE((call.ready() || task.ready()));
    std::string text;
    try {
      mb::get(call.ready() ? call : task);
    } catch (mb::deadlock_error const& e) { text = e.what(); }
    CHECK(text.find("'the task'") != std::string::npos);
    CHECK(text.find("reader::wait_for") != std::string::npos);
    mb::cancel(task);
  }
}
