#include "mobula/actor/supervisor.hpp"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "mobula/mobula.hpp"
#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

struct tally {
  int made = 0, living = 0;
};
// Actors may outlive the test's own frame.
struct counts : std::shared_ptr<tally> {
  counts() : std::shared_ptr<tally>(std::make_shared<tally>()) {}
};

class worker {
 public:
  explicit worker(counts const& c) : counts_(c) {
    ++c->made;
    ++c->living;
  }
  worker(worker const&) = delete;
  ~worker() { --counts_->living; }
  int work(int n) { return n; }
  void crash() { throw std::runtime_error("crash"); }
  mb::task<> crash_late() {
    co_await mb::sleep_for(1s);
    throw std::runtime_error("crash");
  }

 private:
  counts counts_;
};

mb::actor<worker> under(mb::supervisor const& s, counts const& c) {
  return mb::make_actor<worker>.options({.dies_on = mb::dies_on_any(), .supervisor = s})(c);
}

void crash(mb::actor<worker> const& a) { CHECK_THROWS_AS(mb::get(a.call<&worker::crash>()), std::runtime_error); }
bool works(mb::actor<worker> const& a) {
  try {
    return mb::get(a.call<&worker::work>(1)) == 1;
  } catch (mb::actor_died const& e) {
    CHECK(e.reason() == mb::end_reason::failed);
    return false;
  }
}

template <class F>
void with_seeds(F f) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    mb::manual_runtime rt({.seed = seed});
    f(rt);
  }
}

}  // namespace

TEST_CASE("one for one restarts the actor that died", "[actor]") {
  with_seeds([](mb::manual_runtime& rt) {
    counts a_counts, b_counts;
    auto const s = mb::supervise();
    auto const a = under(s, a_counts), b = under(s, b_counts);
    crash(a);
    CHECK(works(a));
    CHECK(works(b));
    rt.run_until_idle();
    CHECK(a_counts->made == 2);
    CHECK(b_counts->made == 1);
  });
}

TEST_CASE("all for one restarts all, also those that had died by themselves, once each", "[actor]") {
  with_seeds([](mb::manual_runtime& rt) {
    counts a_counts, b_counts, c_counts;
    auto const s = mb::supervise({.strategy = mb::restart_strategy::all_for_one, .max_restarts = 2});
    auto const a = under(s, a_counts), b = under(s, b_counts);
    {
      auto const gone = under(s, c_counts);
      crash(a);
    }
    rt.run_until_idle();
    CHECK(works(a));
    CHECK(works(b));
    CHECK(a_counts->made == 2);
    CHECK(b_counts->made == 2);
    CHECK(c_counts->living == 0);
    auto const both = std::vector{a.call<&worker::crash>(), b.call<&worker::crash>()};
    rt.run_until_idle();
    for (auto const& f : both) CHECK(f.failure().has_value());
    // The second may have died before the first one's death was known to it: then that was the same restart.
    bool const alive = works(a);
    CHECK(works(b) == alive);
    CHECK(a_counts->made >= 3);
    if (alive) CHECK(a_counts->made == 3);
  });
}

TEST_CASE("too many deaths within the window end all actors, with the last one's cause", "[actor]") {
  with_seeds([](mb::manual_runtime& rt) {
    counts c;
    auto const s = mb::supervise({.max_restarts = 2, .window = 10s});
    auto const a = under(s, c), b = under(s, c);
    auto const end = mb::monitor(s);
    auto const b_end = mb::monitor(b);
    for (int i = 0; i < 5; ++i) {  // with time between, they are none too many
      crash(a);
      REQUIRE(works(a));
      rt.advance(6s);
    }
    rt.advance(10s);
    crash(a);
    crash(b);
    rt.run_until_idle();
    REQUIRE(works(a));
    CHECK_FALSE(end.ready());
    crash(a);
    CHECK_FALSE(works(a));
    CHECK_FALSE(works(b));
    CHECK(mb::get(end).gave_up);
    CHECK(mb::get(end).failure->message() == "crash");
    CHECK(mb::get(b_end).reason == mb::end_reason::failed);
    CHECK(mb::get(b_end).failure->message() == "crash");
    CHECK(mb::get(mb::monitor(s)).gave_up);
    CHECK(c->living == 0);
    CHECK_THROWS_WITH(under(s, c), Catch::Contains("given up"));
  });
}

TEST_CASE("a supervisor that gives up escalates: the parent restarts its whole group, and counts that", "[actor]") {
  with_seeds([](mb::manual_runtime& rt) {
    counts a_counts, b_counts, c_counts, d_counts;
    auto const root = mb::supervise({.max_restarts = 1});
    auto const left = mb::supervise({.max_restarts = 1, .parent = root}), below = mb::supervise({.parent = left});
    auto const a = under(left, a_counts), b = under(below, b_counts), c = under(root, c_counts);
    auto const end = mb::monitor(root), left_end = mb::monitor(left);
    crash(a);
    rt.run_until_idle();
    CHECK(works(a));
    CHECK(b_counts->made == 1);
    crash(a);  // one too many: the group anew
    rt.run_until_idle();
    CHECK(works(a));
    CHECK(works(b));
    CHECK(a_counts->made == 3);
    CHECK(b_counts->made == 2);
    CHECK(c_counts->made == 1);
    crash(a);  // that group has begun anew
    CHECK(works(a));
    CHECK_FALSE(left_end.ready());
    crash(a);  // now it is for the root, which has had its death
    rt.run_until_idle();
    for (auto const& x : {a, b, c}) CHECK_FALSE(works(x));
    CHECK(mb::get(end).gave_up);
    CHECK(mb::get(left_end).gave_up);
    CHECK_THROWS_AS(under(below, d_counts), mb::error);
  });
}

TEST_CASE("a parent that is all for one restarts the other groups too", "[actor]") {
  with_seeds([](mb::manual_runtime& rt) {
    counts a_counts, b_counts;
    auto const root = mb::supervise({.strategy = mb::restart_strategy::all_for_one});
    auto const left = mb::supervise({.max_restarts = 0, .parent = root}), right = mb::supervise({.parent = root});
    auto const a = under(left, a_counts), b = under(right, b_counts);
    crash(a);
    rt.run_until_idle();
    CHECK(a_counts->made == 2);
    CHECK(b_counts->made == 2);
    CHECK(works(a));
    CHECK(works(b));
  });
}

TEST_CASE("normal ends are no deaths", "[actor]") {
  with_seeds([](mb::manual_runtime& rt) {
    counts c;
    auto const s = mb::supervise({.max_restarts = 0});
    auto const end = mb::monitor(s);
    under(s, c).stop();
    under(s, c).kill();
    static_cast<void>(under(s, c));
    auto const leaves = under(s, c).call([](worker&) { mb::exit_actor(); });
    CHECK_THROWS_AS(mb::get(leaves), mb::actor_died);
    rt.run_until_idle();
    CHECK_FALSE(end.ready());
    CHECK(c->living == 0);
  });
}

TEST_CASE("a kill that restarts is a death", "[actor]") {
  with_seeds([](mb::manual_runtime& rt) {
    counts c;
    auto const s = mb::supervise({.max_restarts = 1});
    auto const a = under(s, c);
    a.kill({.restart = true});
    CHECK(works(a));
    CHECK(c->made == 2);
    a.kill({.restart = true});
    rt.run_until_idle();
    CHECK(mb::get(mb::monitor(s)).gave_up);
    CHECK_FALSE(works(a));
  });
}

TEST_CASE("an actor without handles is restarted with the others as long as it has calls", "[actor]") {
  with_seeds([](mb::manual_runtime& rt) {
    counts a_counts, b_counts;
    auto const s = mb::supervise({.strategy = mb::restart_strategy::all_for_one});
    auto const a = under(s, a_counts);
    auto const late = a.call<&worker::crash_late>();
    std::vector<mb::future<int>> fs;
    {
      auto const b = under(s, b_counts);
      for (int i = 0; i < 3; ++i)
        fs.push_back(b.call(
            [](worker&, int n) -> mb::task<int> {
              co_await mb::sleep_for(400ms);
              co_return n;
            },
            i));
    }
    rt.advance(5s);
    CHECK(mb::get(fs) == std::vector{0, 1, 2});
    CHECK_THROWS_AS(mb::get(late), std::runtime_error);
    CHECK(b_counts->made == 2);
    CHECK(b_counts->living == 0);
  });
}

TEST_CASE("a supervisor's monitor is told when nobody has it any more, or its runtime is over", "[actor]") {
  mb::future<mb::supervisor_end> gone, over;
  mb::supervisor s;
  {
    mb::manual_runtime rt;
    gone = mb::monitor(mb::supervise());
    CHECK_FALSE(mb::get(gone).gave_up);
    s = mb::supervise();
    over = mb::monitor(s);
    CHECK_FALSE(over.ready());
  }
  CHECK_FALSE(mb::get(over).gave_up);
  CHECK_THROWS_AS(mb::monitor(mb::supervisor()), mb::error);
}

TEST_CASE("supervisors' options that make no sense are refused", "[actor]") {
  CHECK_THROWS_AS(mb::supervise(), mb::no_runtime);
  mb::manual_runtime const rt;
  CHECK_THROWS_AS(mb::supervise({.max_restarts = -2}), mb::error);
  CHECK_THROWS_AS(mb::supervise({.window = 0s}), mb::error);
  mb::supervisor const elsewhere = [] {
    mb::manual_runtime const other;
    return mb::supervise();
  }();
  counts c;
  CHECK_THROWS_WITH(under(elsewhere, c), Catch::Contains("another runtime"));
  CHECK_THROWS_AS(mb::supervise({.parent = elsewhere}), mb::error);
}
