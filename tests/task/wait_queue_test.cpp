#include "mobula/task/wait_queue.hpp"

#include <vector>

#include "support/catch.hpp"

namespace {

using namespace mobula::detail;

// One who waits, and may have been told off: then it claims nothing.
struct someone : resumer, queue_node {
  explicit someone(int n, std::vector<int>& w, bool late = false)
      : resumer{[](resumer& r) noexcept {
                  auto& me = static_cast<someone&>(r);
                  me.woken.push_back(me.number);
                },
                [](resumer& r) noexcept { return !static_cast<someone&>(r).too_late; }},
        number(n),
        woken(w),
        too_late(late) {}
  int number;
  std::vector<int>& woken;
  bool too_late;
};

}  // namespace

TEST_CASE("a wait queue chooses in the order of arrival, and a wake list wakes in the order of choice", "[task]") {
  std::vector<int> woken;
  someone a(1, woken), b(2, woken), c(3, woken);
  wait_queue queue;
  CHECK(queue.empty());
  for (someone* s : {&a, &b, &c}) queue.push(*s, *s);
  wake_list wakes;
  while (queue_node* const n = queue.choose()) wakes.add(*n);
  CHECK(queue.empty());
  CHECK(woken.empty());
  wakes.wake();
  CHECK(woken == std::vector{1, 2, 3});
}

TEST_CASE("a wait queue passes over those that came too late, and they can give up", "[task]") {
  std::vector<int> woken;
  someone a(1, woken, true), b(2, woken), c(3, woken, true);
  wait_queue queue;
  for (someone* s : {&a, &b, &c}) queue.push(*s, *s);
  CHECK(queue.choose() == &b);
  CHECK(queue.choose() == nullptr);
  CHECK(queue.empty());
  CHECK(queue.remove(a));
  CHECK_FALSE(queue.remove(b));
  CHECK(queue.remove(c));
}

TEST_CASE("whoever gives up leaves the wait queue, from any place in it, and can come back", "[task]") {
  for (int leaves = 0; leaves < 3; ++leaves) {
    std::vector<int> woken;
    someone a(1, woken), b(2, woken), c(3, woken);
    someone* const all[] = {&a, &b, &c};
    wait_queue queue;
    for (someone* s : all) queue.push(*s, *s);
    CHECK(queue.remove(*all[leaves]));
    CHECK(queue.remove(*all[leaves]));
    queue.push(*all[leaves], *all[leaves]);
    CHECK(queue.choose() == all[leaves == 0 ? 1 : 0]);
    CHECK(queue.choose() == all[leaves == 2 ? 1 : 2]);
    CHECK(queue.choose() == all[leaves]);
  }
}
