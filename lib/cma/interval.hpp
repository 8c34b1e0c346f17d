#pragma once

namespace mobula::cma {

/// The bounds of a variable, and pycma's smooth map of all numbers onto what lies between them.
///
/// The map is what the documentation of pycma's `BoxConstraintsLinQuadTransformation` describes: like a sine it swings
/// between the bounds, with a continuous derivative, but it is the identity except for a margin at each bound, where it
/// is a parabola. With the bounds l and u, which may be infinite, the margins are
///
///     a_l = min((u - l) / 2, max(1, |l|) / 20),   a_u = min((u - l) / 2, max(1, |u|) / 20)
///
/// and [l - a_l, u + a_u] is mapped onto [l, u] one to one: l + a_l to u - a_u by the identity, what lies below by
/// l + (y - (l - a_l))^2 / (4 a_l), what lies above by u - (y - (u + a_u))^2 / (4 a_u). Beyond, the map is mirrored at
/// both ends, and so has the period 2 (u - l + a_l + a_u).
class interval {
 public:
  interval() = default;
  interval(double lower, double upper);

  [[nodiscard]] double lower() const noexcept { return lower_; }
  [[nodiscard]] double upper() const noexcept { return upper_; }
  [[nodiscard]] bool bounded() const noexcept;
  [[nodiscard]] bool contains(double x) const noexcept { return lower_ <= x && x <= upper_; }

  /// Returns the image of `y`, which lies within the bounds.
  [[nodiscard]] double map(double y) const noexcept;
  /// Returns the number in [l - a_l, u + a_u] whose image is `x`, which must lie within the bounds.
  [[nodiscard]] double unmap(double x) const noexcept;
  /// Returns the number within the bounds that is nearest to `y`.
  [[nodiscard]] double clip(double y) const noexcept;

 private:
  double lower_ = 0;
  double upper_ = 0;
  double below_ = 0;  // a_l
  double above_ = 0;  // a_u
};

}  // namespace mobula::cma
