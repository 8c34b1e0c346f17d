#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "mobula/cma/options.hpp"
#include "mobula/cma/parameters.hpp"
#include "mobula/cma/stop.hpp"

namespace mobula::cma {

/// The algorithm itself, in numbers only: what `optimizer` dresses in Eigen types.
///
/// This is the boundary of the compiled library, and no Eigen type crosses it. How Eigen aligns and frees memory
/// depends on the flags of each compilation, so a vector allocated by the library and freed by a program built with
/// -march=native would crash. Matrices are passed as their numbers, column by column.
///
/// Threads: none; one thread at a time may use an engine.
/// Lifetime: the spans it returns point into it and stay valid as long as it lives; `ask` and `tell` change what they
///           show. A moved-from engine may only be destroyed or assigned to.
class engine {
 public:
  /// Errors: throws `std::invalid_argument` if x0, sigma0 or an option makes no sense.
  engine(std::span<const double> x0, double sigma0, const options& settings);
  ~engine();
  engine(engine&&) noexcept;
  engine& operator=(engine&&) noexcept;

  /// Returns the candidates of the current generation, popsize columns of n numbers; draws them if it has not yet.
  std::span<const double> ask();

  /// Updates the state from one value for each candidate, in their order.
  /// Errors: throws `std::invalid_argument`, and changes nothing, without an `ask` before or with a wrong length.
  void tell(std::span<const double> values);

  /// Throws as `tell` does, for `count` values.
  void check_told(std::size_t count) const;

  /// Room for a generation's values, for callers that do not have them in one piece of memory.
  [[nodiscard]] std::span<double> value_buffer() noexcept;

  [[nodiscard]] const stop_reasons& stop() const noexcept;
  [[nodiscard]] const parameters& constants() const noexcept;
  [[nodiscard]] const options& settings() const noexcept;

  [[nodiscard]] std::span<const double> best_x() const noexcept;  ///< x0 until a number below infinity was told
  [[nodiscard]] double best_f() const noexcept;                   ///< infinity until then
  [[nodiscard]] std::span<const double> mean() const noexcept;
  [[nodiscard]] double sigma() const noexcept;
  [[nodiscard]] std::span<const double> stds() const noexcept;  ///< sigma sqrt(C_ii), in units of x
  [[nodiscard]] std::int64_t evaluations() const noexcept;
  [[nodiscard]] std::int64_t iterations() const noexcept;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace mobula::cma
