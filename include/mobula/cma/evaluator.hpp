#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>

namespace mobula::cma {

/// An evaluation that is over.
struct finished_evaluation {
  std::uint64_t id;            ///< as it was started
  double value;                ///< NaN if it failed
  std::exception_ptr failure;  ///< what it threw
};

/// The evaluations of a generation that threw.
struct failed_evaluations {
  std::size_t count = 0;
  std::exception_ptr first;  ///< what the first of them, in the order of candidates, threw; null if none did
};

/// Gives candidates their values: the seam between the loops of `minimize`, which are compiled once, and the objective.
///
/// Threads: one thread at a time calls it; it may use others.
class evaluator {
 public:
  using seconds = std::chrono::duration<double>;

  virtual ~evaluator() = default;

  /// Evaluates candidates, the columns of `xs`, and writes the value of each.
  ///
  /// The value of one that throws is NaN. If `all` is false, none is begun after one has thrown, and then values mean
  /// nothing.
  virtual failed_evaluations evaluate(std::span<const double> xs, std::span<double> values, bool all) = 0;

  /// At most so many evaluations will have been started and not come out of `next`. Called before the first `start`.
  virtual void prepare(std::size_t most) = 0;
  /// Begins to evaluate one candidate, whose numbers it copies.
  virtual void start(std::uint64_t id, std::span<const double> x) = 0;
  /// Waits until an evaluation that was started is over, but no longer than `limit`.
  virtual std::optional<finished_evaluation> next(seconds limit) = 0;
  /// Asks an evaluation to end early, where it can: its result is of no use any more. `next` still gives it.
  virtual void give_up(std::uint64_t id) noexcept = 0;

  /// How many evaluations can run at once.
  [[nodiscard]] virtual std::size_t concurrency() const noexcept = 0;
  /// The time, on whatever clock the evaluations run.
  [[nodiscard]] virtual seconds now() const noexcept = 0;
};

}  // namespace mobula::cma
