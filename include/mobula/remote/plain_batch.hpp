#pragma once

#include <mobula/core/tick_clock.hpp>
#include <mobula/remote/batch.hpp>
#include <mobula/remote/map_options.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace mobula::detail {

/// One run over the items [0, size) by plain calls: by the caller alone as long as that is faster, then with whoever
/// helps.
///
/// `Body` is called as body(at, end), like batch::body_function. If it has a member `share`, that is called once before
/// several threads are at it.
/// Lifetime: must stay where it is from `begin` until it is over.
template <class Body>
class plain_batch {
 public:
  template <class... Args>
  explicit plain_batch(Args&&... args) : body_{std::forward<Args>(args)...} {}

  [[nodiscard]] Body& body() noexcept { return body_; }

  /// Does what there is for the caller to do. False if others are still at it; then there is a `control` to wait for.
  ///
  /// An item's cost is taken from the fastest piece so far, and from two pieces at least, so that a thread which the
  /// kernel has put aside for a moment does not take that for work; unless the first took so long that asking costs
  /// nothing beside it.
  [[nodiscard]] bool begin(scheduler& s, std::size_t size, map_options const& options) {
    std::size_t at = 0, piece = options.chunk == 0 ? 1 : options.chunk;
    if (s.concurrency() == 1 || options.in_flight == 1 || size <= piece) return body_(at, size), true;
    std::uint64_t const microsecond = ticks_per_microsecond(), expected = last_cost_.load(std::memory_order_relaxed);
    if (expected * size > 5 * microsecond && s.anyone_searches()) {
      begin_together(s, 0, size, expected, options);
      return control_->over();
    }
    std::uint64_t const start = ticks();
    std::uint64_t per_item = std::numeric_limits<std::uint64_t>::max();
    for (std::uint64_t before = start;;) {
      std::size_t const begin = at;
      body_(at, begin + std::min(piece, size - begin));
      std::uint64_t const now = ticks(), took = now - before;
      before = now;
      per_item = std::min(per_item, took / (at - begin));
      if (at == size) {
        last_cost_.store(per_item, std::memory_order_relaxed);
        return batch::did_alone(s, now - start), true;
      }
      bool const worth = batch::worth_helping(s, per_item * (size - at));
      if (worth && (begin != 0 || took > 100 * microsecond)) break;
      std::uint64_t const budget = worth ? microsecond / 8 : 4 * microsecond;
      if (options.chunk == 0) piece = std::clamp<std::size_t>(budget / std::max<std::uint64_t>(1, per_item), 1, 4 * at);
    }
    begin_together(s, at, size, per_item, options);
    return control_->over();
  }

  /// Null if the caller has done all by itself.
  [[nodiscard]] batch* control() const noexcept { return control_; }

  /// When it is over: throws the error of the first item in order that failed.
  void finish() {
    if (control_ != nullptr) control_->finish();
  }

 private:
  [[gnu::noinline]] void begin_together(scheduler& s, std::size_t at, std::size_t size, std::uint64_t per_item,
                                        map_options const& options) {
    if constexpr (requires { body_.share(); }) body_.share();
    admitted_.emplace(s);
    auto const do_items = [](void* self, std::size_t& i, std::size_t end) {
      static_cast<plain_batch*>(self)->body_(i, end);
    };
    control_ = batch::make({.owner = s,
                            .do_items = do_items,
                            .body = this,
                            .first = at,
                            .size = size,
                            .ticks_per_item = per_item,
                            .asynchronous = false,
                            .caller_helps = true,
                            .chunk = options.chunk,
                            .helpers = options.in_flight == 0 ? size : options.in_flight - 1});
    control_->invite();
    auto const start = ticks();
    if (std::size_t const done = control_->help(); done > 0)
      last_cost_.store((ticks() - start) / done, std::memory_order_relaxed);
  }

  // Ticks that an item of the last batch of this type has taken, which is of one function mostly. A guess for the next, so
  // that a worker which is awake is asked before the first item, as that may be a long one; nothing else depends on it.
  static inline std::atomic<std::uint64_t> last_cost_{0};

  Body body_;
  batch* control_ = nullptr;
  std::optional<batch_admission> admitted_;
};

}  // namespace mobula::detail
