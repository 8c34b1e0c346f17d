#include "core/blocking_pool.hpp"

#include <mobula/mobula.hpp>

#include <atomic>
#include <deque>
#include <semaphore>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace mb = mobula;
using namespace std::chrono_literals;
using mb::detail::blocking_pool;
using mb::detail::job;

namespace {

// Says that it has begun, and goes on when it is let.
struct waiting_job : job {
  waiting_job() noexcept
      : job([](job& j, mb::detail::job_verb) noexcept {
          auto& me = static_cast<waiting_job&>(j);
          me.begun = true;
          me.begun.notify_all();
          me.may_end.acquire();
          me.over = true;
          me.over.notify_all();
        }) {}

  std::atomic<bool> begun{false}, over{false};
  std::binary_semaphore may_end{0};
};

}  // namespace

TEST_CASE("a thread starts for each job while none is free, up to a bound; then jobs wait") {
  mb::manual_runtime rt;
  std::deque<waiting_job> jobs(4);
  blocking_pool pool(mb::detail::current_scheduler(), {2, 1h, "test"});  // ends before the jobs do
  CHECK(pool.threads() == 0);
  for (auto& j : jobs) REQUIRE(pool.submit(j));
  jobs[0].begun.wait(false);
  jobs[1].begun.wait(false);
  CHECK(pool.threads() == 2);
  CHECK_FALSE(jobs[2].begun);
  jobs[1].may_end.release();
  jobs[2].begun.wait(false);
  CHECK_FALSE(jobs[3].begun);
  for (int i : {0, 2, 3}) jobs[static_cast<std::size_t>(i)].may_end.release();
  jobs[3].over.wait(false);
  CHECK(pool.threads() == 2);
}

TEST_CASE("a thread that is free takes the next job; one that stays so ends, and others start again") {
  mb::manual_runtime rt;
  blocking_pool pool(mb::detail::current_scheduler(), {8, 1ms, ""});
  for (int round = 0; round < 3; ++round) {
    waiting_job j;
    j.may_end.release();
    REQUIRE(pool.submit(j));
    j.over.wait(false);
    while (pool.threads() != 0) std::this_thread::yield();
  }
}

TEST_CASE("a pool that is closed gives back what has not begun, and takes no more") {
  mb::manual_runtime rt;
  blocking_pool pool(mb::detail::current_scheduler(), {1, 1h, "test"});
  waiting_job running, first, second, late;
  REQUIRE(pool.submit(running));
  running.begun.wait(false);
  REQUIRE(pool.submit(first));
  REQUIRE(pool.submit(second));
  job* const left = pool.close();
  CHECK(left == &first);
  CHECK(left->next == &second);
  CHECK(second.next == nullptr);
  CHECK_FALSE(pool.submit(late));
  running.may_end.release();
  pool.stop();
  CHECK(running.over);
  CHECK_FALSE(first.begun);
  CHECK(pool.threads() == 0);
}
