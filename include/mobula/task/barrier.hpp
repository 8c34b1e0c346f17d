#pragma once

#include <mobula/task/gate.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace mobula {
namespace detail {

/// The phases of a barrier, numbered.
class barrier_phases : gate<barrier_phases> {
 public:
  using phase = std::uint64_t;

  explicit constexpr barrier_phases(std::ptrdiff_t expected) noexcept
      : gate("barrier"), expected_(expected), missing_(expected) {
    assert(expected >= 0);
  }

  struct arrival {
    phase in;
    bool last;  // of the phase: it must be ended
  };
  arrival arrive(std::ptrdiff_t n, std::ptrdiff_t dropped) noexcept {
    return inspect([&]() noexcept {
      assert(n > 0 && n <= missing_);
      missing_ -= n;
      expected_ -= dropped;
      return arrival{phase_, missing_ == 0};
    });
  }
  void end_phase() noexcept {
    change([this]() noexcept {
      ++phase_;
      missing_ = expected_;
    });
  }
  [[nodiscard]] passage<barrier_phases> wait(phase p) noexcept { return passage<barrier_phases>(*this, p); }

 private:
  friend gate<barrier_phases>;
  friend passage<barrier_phases>;

  static constexpr auto waits_for = "a phase of a barrier";

  // Who waits for a phase that is over goes on, though others wait for the next.
  static constexpr bool in_line = false;
  [[nodiscard]] bool admits(std::uint64_t p) const noexcept { return p != phase_; }
  void enter(std::uint64_t) noexcept {}

  phase phase_ = 0;
  std::ptrdiff_t expected_;  // in each phase to come
  std::ptrdiff_t missing_;   // in this one
};

struct do_nothing {
  void operator()() const noexcept {}
};

}  // namespace detail

/// Lets a group go on together, phase after phase: who has arrived waits until all have.
///
///     mb::barrier all(4, [&]() noexcept { std::swap(now, next); });
///     while (...) {
///       step();
///       co_await all.arrive_and_wait();   // in a coroutine; elsewhere mb::get(all.arrive_and_wait())
///     }
///
/// The last to arrive calls the completion, which must not throw, before anybody goes on.
/// To arrive is done at once, to wait is an operation: to give up waiting, by a timeout perhaps, does not take the
/// arrival back, and who needs to know goes on to wait with the token of `arrive`.
/// It belongs to no runtime. Threads: any. Lifetime: outlives those who wait for it.
template <class Completion = detail::do_nothing>
class barrier {
  static_assert(std::is_nothrow_invocable_v<Completion&>, "the completion must be noexcept, as in std::barrier");

 public:
  /// Names the phase that one has arrived in.
  class arrival_token {
    friend barrier;
    explicit arrival_token(std::uint64_t p) noexcept : phase_(p) {}
    std::uint64_t phase_;
  };

  explicit constexpr barrier(std::ptrdiff_t expected, Completion completion = Completion())
      : phases_(expected), completion_(std::move(completion)) {}

  /// Arrives, for `n` of the group, and does not wait.
  [[nodiscard]] arrival_token arrive(std::ptrdiff_t n = 1) { return arrival_token(arrived(n, 0)); }

  /// Waits until the phase of the token is over.
  [[nodiscard("it waits for nothing until it is awaited: co_await it, or give it to get")]] auto wait(
      arrival_token t) & noexcept {
    return phases_.wait(t.phase_);
  }

  /// Arrives at once, and gives what waits for the others.
  [[nodiscard("it has arrived, but waits for nothing until it is awaited")]] auto arrive_and_wait() & {
    return wait(arrive());
  }

  /// Arrives for the last time: from the next phase on, there is one less in the group.
  void arrive_and_drop() { arrived(1, 1); }

 private:
  std::uint64_t arrived(std::ptrdiff_t n, std::ptrdiff_t dropped) {
    auto const a = phases_.arrive(n, dropped);
    if (a.last) {
      completion_();
      phases_.end_phase();
    }
    return a.in;
  }

  detail::barrier_phases phases_;
  [[no_unique_address]] Completion completion_;
};

}  // namespace mobula
