#pragma once

#include <mobula/requirements.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>

#include "mobula/cma/options.hpp"
#include "mobula/cma/parameters.hpp"
#include "mobula/cma/stop.hpp"

namespace mobula::cma {

/// The algorithm itself, in numbers only: what `optimizer` dresses in Eigen types, and documents.
///
/// This is the boundary of the compiled library, and no Eigen type crosses it. How Eigen aligns and frees memory
/// depends on the flags of each compilation, so a vector allocated by the library and freed by a program built with
/// -march=native would crash. Matrices are passed as their numbers, column by column.
///
/// Here n is the number of variables, and N of those that are not fixed.
///
/// Threads: none; one thread at a time may use an engine.
/// Lifetime: the spans it returns point into it and stay valid as long as it lives, those of candidates until the next
///           `ask`, `ask_one` or `tell`, which change what they show. A moved-from engine may only be destroyed or
///           assigned to.
class engine {
 public:
  /// Errors: throws `std::invalid_argument` if x0, sigma0 or an option makes no sense.
  engine(std::span<const double> x0, double sigma0, const options& settings);
  ~engine();
  engine(engine&&) noexcept;
  engine& operator=(engine&&) noexcept;

  /// Returns the candidates that wait to be told, columns of n numbers: a generation, which is drawn if it has not been
  /// yet, or those that replace failed ones.
  std::span<const double> ask();
  /// Returns the next candidate (n) of the generation, or one more when all have been handed out.
  std::span<const double> ask_one();

  /// Updates the state from one value for each candidate that waits, in their order.
  /// Errors: throws `std::invalid_argument`, and changes nothing, without an `ask` before or with a wrong length.
  void tell(std::span<const double> values);
  /// Updates the state from solutions, columns of n numbers, and their values.
  /// Errors: throws `std::invalid_argument`, and changes nothing, if lengths do not fit or x is not in the space.
  void tell(std::span<const double> xs, std::span<const double> values);

  /// Throws as `tell` does, for `count` values.
  void check_told(std::size_t count) const;
  /// Room for a generation's values, for callers that do not have them in one piece of memory.
  [[nodiscard]] std::span<double> value_buffer() noexcept;

  /// Notes a solution (n) that the next generation starts with.
  /// Errors: throws `std::invalid_argument` if x is not in the space that is searched.
  void inject(std::span<const double> x);
  void request_stop(std::string why);
  /// Takes over the criteria to stop.
  /// Errors: throws `std::invalid_argument` if one makes no sense.
  void set_criteria(const options& settings);

  void save(std::ostream& out) const;
  void save(const std::filesystem::path& file) const;
  /// @param from what errors say that `in` is
  /// Errors: throws `checkpoint_error` if `in` is not what `save` has written.
  [[nodiscard]] static engine resume(std::istream& in, const std::string& from = {});
  [[nodiscard]] static engine resume(const std::filesystem::path& file);

  [[nodiscard]] const stop_reasons& stop() const noexcept;
  [[nodiscard]] const parameters& constants() const noexcept;
  [[nodiscard]] const options& settings() const noexcept;
  [[nodiscard]] std::size_t dimension() const noexcept;  ///< n

  [[nodiscard]] std::span<const double> best_x() const noexcept;  ///< x0 until a finite number was told
  [[nodiscard]] double best_f() const noexcept;                   ///< infinity until then
  [[nodiscard]] std::int64_t best_evaluation() const noexcept;    ///< 0 until then
  [[nodiscard]] std::int64_t best_iteration() const noexcept;     ///< 0 until then
  [[nodiscard]] std::span<const double> mean() const noexcept;
  [[nodiscard]] double sigma() const noexcept;
  [[nodiscard]] std::span<const double> stds() const noexcept;  ///< in units of x
  [[nodiscard]] std::int64_t evaluations() const noexcept;
  [[nodiscard]] std::int64_t iterations() const noexcept;
  [[nodiscard]] std::int64_t failures() const noexcept;  ///< values told that were not finite
  /// Returns the time since it was made, in seconds, with what had passed when it was saved.
  [[nodiscard]] double seconds() const noexcept;

  [[nodiscard]] std::span<const double> axis_lengths() const noexcept;  ///< D (N), in no particular order
  void write_covariance(std::span<double> out) const;                   ///< C (N x N)

 private:
  struct impl;
  explicit engine(std::unique_ptr<impl> state) noexcept;
  std::unique_ptr<impl> impl_;
};

}  // namespace mobula::cma
