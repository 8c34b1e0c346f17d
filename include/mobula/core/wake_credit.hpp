#pragma once

#include <mobula/requirements.hpp>

#include <atomic>
#include <cstdint>

namespace mobula::detail {

/// Decides when it is worth waking a worker for work that has not come yet: when calls of which each is too short to wake
/// somebody for follow each other closely.
///
/// Each such call adds what it took. When that makes fifty times what waking costs, somebody is woken, and the calls after
/// it find a worker that is awake; if none comes, a fiftieth was lost. A pause between two calls takes away what
/// was there, as whoever was woken would be asleep again.
/// Threads: any; calls by several threads at once may lose some of what they add.
class wake_credit {
 public:
  /// A call that ends now took so long; times in ticks, of which so many make a microsecond. Tells whether to wake.
  [[nodiscard]] bool add(std::uint64_t now, std::uint64_t took, std::uint64_t microsecond) noexcept {
    std::uint64_t const pause = now - took - last_.load(std::memory_order_relaxed);
    last_.store(now, std::memory_order_relaxed);
    std::uint64_t const before = pause > longest_pause * microsecond ? 0 : credit_.load(std::memory_order_relaxed);
    bool const enough = before + took > price * microsecond;
    credit_.store(enough ? 0 : before + took, std::memory_order_relaxed);
    return enough;
  }

  static constexpr std::uint64_t longest_pause = 15, price = 1500;  // microseconds

 private:
  // Nothing depends on either: what is lost only wakes later.
  std::atomic<std::uint64_t> last_{0};    // when the last call ended
  std::atomic<std::uint64_t> credit_{0};  // what calls took since a pause or a wake
};

}  // namespace mobula::detail
