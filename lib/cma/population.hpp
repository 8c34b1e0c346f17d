#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cma/coordinates.hpp"
#include "cma/eigen.hpp"
#include "cma/state.hpp"
#include "mobula/cma/options.hpp"

namespace mobula::cma {

/// The candidates of one generation, one a column: those that were drawn, and those that came from outside.
///
/// Columns are added as they are needed; memory is taken only when there are more than ever before.
class population {
 public:
  /// How a candidate came about, on which depends what its bad values teach.
  enum class origin : std::uint8_t { drawn, mirrored, injected };

  population(const coordinates& space, const options& settings);

  /// Draws the `count` candidates that a generation starts with, a function of the state, the seed, the injected
  /// solutions that wait, and the directions to mirror.
  void draw_generation(search_state& s, const parameters& p, std::size_t count);
  /// Draws one more, after those, into a new column, whose index it returns.
  std::size_t draw(const search_state& s);
  /// Draws anew what stands in column `k`.
  void draw_again(const search_state& s, std::size_t k);
  /// Adds a column for a solution from outside, whose step is shortened for the update.
  /// @param u the point of the search
  /// @param x the point that is evaluated (n)
  std::size_t add(const search_state& s, const vector& u, std::span<const double> x);
  /// Forgets the candidates, not the solutions that wait to be injected.
  void clear() noexcept;

  /// Forgets all columns but the first `size`, if there are more.
  void forget_from(std::size_t size) noexcept { size_ = std::min(size_, size); }

  /// Notes a solution (n numbers) that the next generation starts with.
  void inject(std::span<const double> x) { waiting_.insert(waiting_.end(), x.begin(), x.end()); }
  /// Notes the steps of the worst of these columns, which stand in order, to be mirrored in the next generation; of
  /// those that are mirrors themselves it notes none, so there may be fewer.
  void mirror(const search_state& s, std::span<const std::uint32_t> ranked);
  [[nodiscard]] std::size_t mirrors() const noexcept { return mirrors_; }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] auto z() const { return z_.leftCols(static_cast<eigen::Index>(size_)); }  // z_k ~ N(0, I)
  [[nodiscard]] auto y() const { return y_.leftCols(static_cast<eigen::Index>(size_)); }  // y_k = B D z_k ~ N(0, C)
  // x_k = m + sigma S y_k, a point of the search; of a solution from outside, the point before its step was shortened
  [[nodiscard]] auto x(std::size_t k) const { return x_.col(static_cast<eigen::Index>(k)); }
  // || z_k ||^2, which is || C^(-1/2) y_k ||^2
  [[nodiscard]] double squared_length(std::size_t k) const { return squared_length_[static_cast<eigen::Index>(k)]; }
  [[nodiscard]] origin came_from(std::size_t k) const { return origins_[k]; }
  // The other one of an unconditionally mirrored pair, or k itself.
  [[nodiscard]] std::size_t partner(std::size_t k) const { return partners_[k]; }

  /// Returns the numbers that are evaluated, n a column, and those of one.
  [[nodiscard]] const double* points() const noexcept;
  [[nodiscard]] std::span<const double> point(std::size_t k) const noexcept;
  /// Returns the column whose point is `x`, looked for from column `hint` on, or `size()`.
  [[nodiscard]] std::size_t find(std::span<const double> x, std::size_t hint) const noexcept;

  /// Passes what the candidates are drawn from, and when it is read draws them.
  void pass(archive& a, search_state& s, const parameters& p, std::size_t count);

 private:
  void reserve(std::size_t columns);
  void check_points(const std::vector<double>& points);
  void draw_as(std::span<const std::uint64_t> ids, search_state& s, const parameters& p, std::size_t count);
  void draw_columns(search_state& s, const parameters& p, std::size_t count);
  void start_column(std::size_t k, std::uint64_t id);
  void mirror_columns(const search_state& s, std::size_t first, std::size_t count);
  void finish_columns(const search_state& s, std::size_t first, std::size_t count);
  void show(std::size_t k);
  void place(const search_state& s, std::size_t k, const vector& u, std::span<const double> x);
  void place_injected(const search_state& s);

  const coordinates& space_;
  std::uint64_t seed_;
  std::size_t mirrors_;
  mirror_method method_;

  std::size_t size_ = 0;
  matrix z_;
  matrix y_;
  matrix x_;
  matrix shown_;  // the points that are evaluated, where they are not x_
  vector squared_length_;
  std::vector<origin> origins_;
  std::vector<std::size_t> partners_;
  std::vector<std::uint64_t> ids_;  // the stream of random numbers of each column
  std::uint64_t next_id_ = 0;

  std::vector<double> waiting_;   // solutions to be injected, n numbers each
  std::vector<double> injected_;  // those that this generation starts with
  matrix directions_;             // steps to be mirrored, in the coordinates of x
  std::size_t directed_ = 0;      // how many they are
  vector scratch_y_;
  vector scratch_z_;
  vector scratch_u_;
};

}  // namespace mobula::cma
