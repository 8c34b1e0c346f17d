#pragma once

#include <mobula/mobula.hpp>

#include <boost/fiber/context.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/refused_memory.hpp"
#include "support/watchdog.hpp"

namespace mobula::test {

inline task<int> nap(int x) {
  co_await sleep_for(std::chrono::milliseconds(1));
  co_return x;
}

inline int inc(int x) { return x + 1; }

/// A use of the library: tells whether what came of it is right, or throws. It leaves nothing behind that still runs.
struct use {
  char const* what;
  std::function<bool()> does;
};

/// For runtime_options::on_thread_start: what Boost.Fiber makes for a thread, it makes in a function that is noexcept.
inline void spare_boost_fiber(unsigned) {
  refusal::spared = true;
  static_cast<void>(boost::fibers::context::active());
  refusal::spared = false;
}

/// What came of a use whose allocations were refused in turn, until none was left to refuse.
struct refusals {
  int count = 0, wrong = 0;
  std::string other;  // what was thrown that is not bad_alloc
};

inline refusals refuse_in_turn(use const& u, bool anywhere) {
  constexpr int most = 2000;
  refusals r;
  for (; r.count < most; ++r.count) {
    if (anywhere)
      refusal::anywhere = r.count;
    else
      refusal::in_this_thread = r.count;
    std::exception_ptr thrown;
    try {
      if (!u.does()) ++r.wrong;
    } catch (...) { thrown = std::current_exception(); }
    int const left = anywhere ? refusal::anywhere.exchange(-1) : refusal::in_this_thread;
    refusal::in_this_thread = -1;
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (std::bad_alloc const&) {
    } catch (std::exception const& e) { r.other = e.what(); }
    if (left >= 0) break;
  }
  return r;
}

/// A thread holds the failure that it has thrown last: from here on one that is always as large.
inline void forget_failures() {
  promise<void> p;
  p.set_exception(std::make_exception_ptr(std::runtime_error("")));
  try {
    get(p.get_future());
  } catch (std::runtime_error const&) {}
}

/// Each use, with each of its allocations refused in turn, those of its own thread and then those of all, ends right or
/// with bad_alloc, and loses nothing.
inline void survive(std::vector<use> const& uses, bool in_a_runtime = true) {
  for (use const& u : uses)
    for (bool const anywhere : {false, true}) {
      INFO(u.what << (anywhere ? ", any thread" : ", its own thread"));
      watchdog const dog(u.what);
      long before = 0;
      for (int round = 0; round < 3; ++round) {
        refusals r;
        {
          std::unique_ptr<runtime> rt;
          if (in_a_runtime)
            rt = std::make_unique<runtime>(
                runtime_options{.num_cpus = 2, .resources = {{"ssd", 1}}, .on_unread_failure = [](failure const&) {}});
          r = refuse_in_turn(u, anywhere);
        }
        forget_failures();
        CHECK(r.wrong == 0);
        CHECK(r.other.empty());
        CHECK(r.count < 2000);
        if (round == 1) before = living_blocks;
      }
      CHECK(living_blocks <= before);
    }
}

}  // namespace mobula::test
