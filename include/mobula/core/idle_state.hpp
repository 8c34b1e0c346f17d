#pragma once

#include <mobula/core/atomics.hpp>

#include <cstdint>

namespace mobula::detail {

/// How many workers sleep and how many search for work, in one word, so that whoever submits a job decides by one
/// load whether to wake somebody.
///
/// The protocol, which tests/models checks: a submitter first queues the job, then reads this word (`should_wake`). A
/// worker first counts itself among the sleepers (and no longer among the searchers), then has a process barrier (or
/// its counting is read by the submitter's read-modify-write, or reads it), then looks at the queues once more, then
/// sleeps. So one of the two sees the other and no job is left behind.
/// While somebody searches, submitters wake nobody: the last searcher who finds a job looks whether there is more
/// and wakes the next.
/// Threads: any.
template <class Atomics = std_atomics>
class idle_state {
 public:
  /// Tells whether a job just queued needs somebody to be woken: one sleeps and nobody searches.
  [[nodiscard]] bool should_wake() noexcept {
    std::uint64_t v;
    if (Atomics::has_process_barrier()) [[likely]] {
      Atomics::compiler_barrier();
      v = word_.load(Atomics::acquire);
    } else {
      v = word_.fetch_add(0, Atomics::seq_cst);
    }
    return v != 0 && v < one_searcher;
  }

  /// The same after a sequentially consistent store of one's own, for who looks only for that store by sequentially
  /// consistent loads: such a submitter needs no process barrier of theirs.
  [[nodiscard]] bool should_wake_after_store() const noexcept {
    std::uint64_t const v = word_.load(Atomics::seq_cst);
    return v != 0 && v < one_searcher;
  }

  [[nodiscard]] std::uint32_t sleepers() const noexcept {
    return static_cast<std::uint32_t>(word_.load(Atomics::seq_cst) & (one_searcher - 1));
  }

  /// The same by a read-modify-write: of two that come here after they have done something, one sees the other's doing.
  [[nodiscard]] std::uint32_t recount_sleepers() noexcept {
    return static_cast<std::uint32_t>(word_.fetch_add(0, Atomics::seq_cst) & (one_searcher - 1));
  }

  [[nodiscard]] std::uint32_t searchers() const noexcept {
    return static_cast<std::uint32_t>(word_.load(Atomics::seq_cst) / one_searcher);
  }

  void begin_search() noexcept { word_.fetch_add(one_searcher, Atomics::seq_cst); }

  /// Tells whether the caller was the last to search.
  bool end_search() noexcept { return word_.fetch_sub(one_searcher, Atomics::seq_cst) / one_searcher == 1; }

  void begin_sleep() noexcept { word_.fetch_add(1, Atomics::seq_cst); }
  void end_sleep() noexcept { word_.fetch_sub(1, Atomics::seq_cst); }

  /// Turns a sleeper into a searcher, for whoever wakes it.
  void sleeper_to_searcher() noexcept { word_.fetch_add(one_searcher - 1, Atomics::seq_cst); }

 private:
  static constexpr std::uint64_t one_searcher = std::uint64_t{1} << 32;

  typename Atomics::template atomic<std::uint64_t> word_{0};  // searchers * 2^32 + sleepers
};

}  // namespace mobula::detail
