#pragma once

#include <mobula/core/tick_clock.hpp>
#include <mobula/remote/batch.hpp>
#include <mobula/remote/map_options.hpp>

#include <algorithm>
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
  /// kernel has put aside for a moment does not take that for work.
  [[nodiscard]] bool begin(scheduler& s, std::size_t size, map_options const& options) {
    std::size_t at = 0;
    if (s.concurrency() == 1 || options.in_flight == 1) return body_(at, size), true;
    std::size_t piece = options.chunk == 0 ? 1 : options.chunk;
    std::uint64_t per_item = std::numeric_limits<std::uint64_t>::max();
    for (bool first = true;; first = false) {
      std::size_t const begin = at, end = begin + std::min(piece, size - begin);
      auto const start = ticks();
      body_(at, end);
      if (at == size) return true;
      per_item = std::min(per_item, (ticks() - start) / (end - begin));
      bool const worth = batch::worth_helping(s, per_item * (size - at));
      if (worth && !first) break;
      if (options.chunk == 0) piece = worth ? 1 : std::clamp<std::size_t>(at / 2, 32, 512);
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
    std::size_t const helpers = options.in_flight == 0 ? s.concurrency() : options.in_flight - 1;
    control_ = batch::make({s, do_items, this, at, size, per_item, false, options.chunk, helpers});
    control_->invite();
    control_->help();
  }

  Body body_;
  batch* control_ = nullptr;
  std::optional<batch_admission> admitted_;
};

}  // namespace mobula::detail
