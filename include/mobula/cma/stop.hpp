#pragma once

#include <mobula/requirements.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

namespace mobula::cma {

/// The reasons to stop, named after the options that set their thresholds.
enum class criterion : std::uint8_t {
  ftarget,          ///< a value at or below the target was told
  maxfevals,        ///< that many evaluations were told
  maxiter,          ///< that many generations were told
  timeout,          ///< that many seconds have passed
  tolx,             ///< the distribution is narrower than the tolerance in every coordinate
  tolfun,           ///< the values of this generation and the recent best ones hardly differ
  tolfunhist,       ///< the recent best values hardly differ
  tolfunrel,        ///< the values of this generation hardly differ, against how far the median has come down
  tolstagnation,    ///< best and median values have not improved for long
  tolxstagnation,   ///< the mean has not moved for long
  tolflatfitness,   ///< the best three quarters of the values were equal, generations in a row
  tolfacupx,        ///< a standard deviation grew a great deal: sigma0 was far too small
  tolupsigma,       ///< the step size grew much more than the longest axis: creeping
  tolconditioncov,  ///< the covariance matrix is too ill-conditioned
  noeffectaxis,     ///< 0.1 standard deviations along a principal axis do not change the mean
  noeffectcoord,    ///< 0.2 standard deviations in some coordinate do not change the mean
  failed,           ///< no value was a finite number for longer than tolflatfitness, or one was not and the options say
                    ///< to stop then
  callback,         ///< the user asked for it, and may have said why
};

/// How many criteria there are.
inline constexpr std::size_t criterion_count = 18;

/// Returns the name of a criterion, spelt as in pycma: "tolfun".
[[nodiscard]] std::string_view name(criterion c) noexcept;

/// One criterion that fired.
struct stop_reason {
  criterion which;
  double threshold;  ///< what the options (or their defaults) say
  double value;      ///< what was measured against it: seconds of a timeout, the index of an axis or a coordinate

  [[nodiscard]] std::string_view name() const noexcept { return cma::name(which); }
};

/// The criteria that fired, in the order of `criterion`; none of them while the search should go on.
///
///     while (!es.stop()) ...
///     if (es.stop().contains("tolfun")) ...
///     std::cout << es.stop() << '\n';  // tolfun: 3.1e-12 (threshold 1e-11), tolfunhist: ...
///
/// A plain value, which does not change when the search goes on.
class stop_reasons {
 public:
  /// Tells whether any criterion fired.
  explicit operator bool() const noexcept { return size_ != 0; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const stop_reason* begin() const noexcept { return reasons_.data(); }
  [[nodiscard]] const stop_reason* end() const noexcept { return reasons_.data() + size_; }

  [[nodiscard]] bool contains(criterion which) const noexcept;
  /// Errors: throws `std::invalid_argument` if no criterion has that name, so that a misspelling does not pass as "no".
  [[nodiscard]] bool contains(std::string_view which) const;

  /// Returns what the user said with `callback`, or nothing.
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

  /// Adds a reason, in its place. Each criterion is added once at most.
  void add(stop_reason reason) noexcept;
  /// Adds `callback`, or puts a new message in the place of the old.
  void add_callback(std::string message);

 private:
  std::string message_;
  std::array<stop_reason, criterion_count> reasons_{};
  std::size_t size_ = 0;
};

/// Returns the reasons on one line, or "no criterion fired".
[[nodiscard]] std::string to_string(const stop_reasons& reasons);
std::ostream& operator<<(std::ostream& out, const stop_reason& reason);
std::ostream& operator<<(std::ostream& out, const stop_reasons& reasons);

}  // namespace mobula::cma
