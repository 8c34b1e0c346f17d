#include <mobula/actor/actor_router.hpp>
#include <mobula/core/error.hpp>

namespace mobula::detail {

void load_count::watch(std::unique_ptr<load_count> c, shared_state_base& call) noexcept {
  load_count* const me = c.release();
  me->in_flight_.fetch_add(1, std::memory_order_relaxed);
  if (!call.add(*me)) me->notify(*me);
}

load_count::load_count(std::shared_ptr<void> owner, std::atomic<std::size_t>& in_flight) noexcept
    : waiter([](waiter& w) noexcept {
        std::unique_ptr<load_count> const me(&static_cast<load_count&>(w));
        me->in_flight_.fetch_sub(1, std::memory_order_relaxed);
      }),
      owner_(std::move(owner)),
      in_flight_(in_flight) {}

// The finaliser of splitmix64, over both: std::hash of an integer is often that integer, and numbers of members are small.
std::uint64_t affinity(std::uint64_t key, std::uint64_t member) noexcept {
  auto const mixed = [](std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  };
  return mixed(mixed(key + 0x9e3779b97f4a7c15) ^ (member * 0x9e3779b97f4a7c15));
}

void throw_no_route() { throw error("mobula: actor_router: it has no members: add some first"); }

}  // namespace mobula::detail
