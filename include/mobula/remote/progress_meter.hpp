#pragma once

#include <mobula/requirements.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>

namespace mobula::detail {

/// Counts the items of a batch that are over, and tells a function of the user's (map_options::progress) about it.
class progress_meter {
 public:
  using function = std::function<void(std::size_t, std::size_t)>;

  /// An empty function makes a meter that does nothing.
  progress_meter(function const& call, std::size_t total);

  /// Tells whether anybody wants to know.
  [[nodiscard]] bool on() const noexcept { return static_cast<bool>(call_); }

  /// So many items more are over. Threads: any.
  void add(std::size_t n) noexcept;

  /// All are over, and no thread is in `add`: the last call. Throws what a call threw.
  void finish() const;

 private:
  function const& call_;
  std::size_t const total_;
  // Only ever added to. Read with busy_ held, so that the user sees it grow.
  std::atomic<std::size_t> done_{0};
  // Set by whoever is about to call. Its acquire pairs with the release of the one before, for what is below and for
  // what the function itself keeps.
  std::atomic<bool> busy_{false};
  std::uint64_t last_;
  std::exception_ptr failure_;
};

}  // namespace mobula::detail
