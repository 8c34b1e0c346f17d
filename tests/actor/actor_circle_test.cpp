// Actors that keep each other end with their runtime.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"

#include <any>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mb = mobula;

namespace {

struct counts {
  int destroyed = 0;
  std::vector<std::string> words = {};
};

// Keeps whatever it is given.
class keeper {
 public:
  explicit keeper(counts& c) : counts_(c) {}
  keeper(keeper const&) = delete;
  ~keeper() {
    ++counts_.destroyed;
    if (last_words_) last_words_(counts_);
  }
  void keep(std::any what) { kept_.push_back(std::move(what)); }
  void keep_self() { kept_.emplace_back(mb::current_actor<keeper>()); }
  void at_end(std::function<void(counts&)> f) { last_words_ = std::move(f); }
  int number() { return 1; }

 private:
  counts& counts_;
  std::vector<std::any> kept_;
  std::function<void(counts&)> last_words_;
};

void keep(mb::actor<keeper> const& who, std::any what) {
  mb::get(who.call([&what](keeper& k) { k.keep(std::move(what)); }));
}

}  // namespace

TEST_CASE("actors that keep themselves or each other are destroyed when their runtime ends, once each", "[actor]") {
  for (bool const drops : {false, true}) {
    counts c;
    {
      mb::manual_runtime rt;
      auto const make = [&c] { return mb::make_actor<keeper>(std::ref(c)); };
      auto const alone = make(), a = make(), b = make();
      mb::get(alone.call<&keeper::keep_self>());
      keep(a, b);
      keep(b, std::vector{a, b});
      auto const parallel = mb::make_actor<keeper>.options({.concurrency = mb::parallel(2)})(std::ref(c));
      keep(parallel, std::map<int, mb::actor<keeper>>{{1, parallel}});
      auto const detached =
          mb::make_actor<keeper>.options({.name = "d", .lifetime = mb::lifetime::detached})(std::ref(c));
      keep(detached, detached);
      if (drops) rt.shutdown(mb::on_shutdown::drop);
    }
    CHECK(c.destroyed == 5);
  }
}

TEST_CASE("circles through futures, pools, routers, supervisors, monitors and kept arguments are undone too",
          "[actor]") {
  counts c;
  {
    mb::manual_runtime rt;
    auto const s = mb::supervise();
    auto const plain = mb::make_actor<keeper>(std::ref(c));
    auto const supervised = mb::make_actor<keeper>.options({.supervisor = s})(std::ref(c));
    auto const restarted =
        mb::make_actor<keeper>.options({.max_restarts = 3, .on_restart = [plain](auto&, auto&) {}})(std::ref(c));
    keep(plain, mb::put(restarted));
    keep(plain, std::make_shared<mb::actor_pool<keeper>>(std::vector{plain, restarted, supervised}));
    keep(restarted, std::make_shared<mb::actor_router<keeper>>(std::vector{plain, supervised}));
    keep(supervised, s);
    keep(supervised, mb::monitor(supervised));
    keep(supervised, plain.options({.high_priority = true}));
    keep(restarted, plain.call<&keeper::number>());
    keep(supervised, std::make_shared<mb::future<mb::actor<keeper>>>(mb::remote([plain] { return plain; })()));
  }
  CHECK(c.destroyed == 3);
}

TEST_CASE("an actor does not outlive its runtime by a handle, and calls of it say so", "[actor]") {
  counts c;
  mb::actor<keeper> a;
  mb::future<mb::actor_end> end;
  {
    mb::manual_runtime rt;
    a = mb::make_actor<keeper>(std::ref(c));
    end = mb::monitor(a);
    auto const f = a.call<&keeper::number>();
    rt.shutdown();
    CHECK(mb::get(f) == 1);  // what was sent is handled before
  }
  CHECK(c.destroyed == 1);
  CHECK(mb::get(end).reason == mb::end_reason::runtime_ended);
  CHECK_THROWS_AS(a.call<&keeper::number>(), mb::no_runtime);
}

TEST_CASE("calls that a destructor makes at the end of the runtime get an error that says so", "[actor]") {
  mb::explore(
      [](mb::manual_options const& seeded) {
        counts c;
        mb::manual_runtime rt(seeded);
        auto const a = mb::make_actor<keeper>(std::ref(c)), b = mb::make_actor<keeper>(std::ref(c));
        auto const call_other = [](mb::actor<keeper> other) {
          return [other](counts& all) {
            try {
              static_cast<void>(mb::get(other.call<&keeper::number>()));
              all.words.emplace_back("answered");
            } catch (mb::no_runtime const& e) { all.words.emplace_back(e.what()); }
            try {
              static_cast<void>(mb::make_actor<keeper>(std::ref(all)));
              all.words.emplace_back("made");
            } catch (mb::no_runtime const& e) { all.words.emplace_back(e.what()); }
            all.words.push_back(std::to_string(mb::get(mb::remote([] { return 7; })())));
          };
        };
        mb::get(a.call<&keeper::at_end>(call_other(b)));
        mb::get(b.call<&keeper::at_end>(call_other(a)));
        rt.shutdown();
        REQUIRE(c.words.size() == 6);
        CHECK(std::count_if(c.words.begin(), c.words.end(),
                            [](auto const& w) { return w.find("has been shut down") != std::string::npos; }) == 2);
        CHECK(std::count_if(c.words.begin(), c.words.end(),
                            [](auto const& w) { return w.find("no new one can be made") != std::string::npos; }) == 2);
        CHECK(std::count(c.words.begin(), c.words.end(), "7") == 2);
        CHECK(c.destroyed == 2);
      },
      {.seeds = 100});
}
