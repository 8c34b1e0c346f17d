#pragma once

#include <mobula/core/error.hpp>

#include <cstdint>

namespace mobula {

/// How the calls of an actor, or of one of its methods, are handled together with others.
class concurrency {
 public:
  enum class kind : std::uint8_t { serial, reentrant, parallel };

  constexpr concurrency(kind k, unsigned n) : kind_(k), limit_(n) {
    if (n == 0) throw error("mobula: an actor can't handle 0 calls at once: mobula::parallel(n) takes at least 1");
  }

  [[nodiscard]] constexpr kind how() const noexcept { return kind_; }
  [[nodiscard]] constexpr unsigned limit() const noexcept { return limit_; }
  friend constexpr bool operator==(concurrency, concurrency) noexcept = default;

 private:
  kind kind_;
  unsigned limit_;
};

/// One call at a time: until it is over nothing else of its actor runs, also while it is suspended. The default.
inline constexpr concurrency serial(concurrency::kind::serial, 1);

/// While such a call waits (co_await or get), others have their turn. No two run at the same time: it goes on between
/// them. What it knew of the object before it waited may not hold any more.
inline constexpr concurrency reentrant(concurrency::kind::reentrant, 1);

/// Up to `n` calls at the same time, on several workers, also beside serial ones of the same actor: the methods have to be
/// fit for that. Throws mobula::error if n is 0.
constexpr concurrency parallel(unsigned n) { return {concurrency::kind::parallel, n}; }

}  // namespace mobula
