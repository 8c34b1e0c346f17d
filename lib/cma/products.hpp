#pragma once

#include <algorithm>

#include "cma/eigen.hpp"

namespace mobula::cma {

/// The edge of the tiles that products are computed in.
///
/// Eigen packs the operands of a product into buffers on the stack, or on the heap if they are larger than 128 kB.
/// Tiles of this size keep them at 32 kB each: no allocation, and not too much for the stack of a fiber.
inline constexpr eigen::Index tile = 64;

/// Calls `body(start, length)` for the tiles that `size` falls into.
template <class Body>
void for_each_tile(eigen::Index size, Body body) {
  for (eigen::Index start = 0; start < size; start += tile) body(start, std::min(tile, size - start));
}

/// Adds a b to c, which may not overlap with either. Allocates nothing, unless an operand is an expression to evaluate.
template <class A, class B, class C>
void add_product(const A& a, const B& b, C&& c) {
  using eigen::Index;
  for_each_tile(c.cols(), [&](Index column, Index columns) {
    for_each_tile(a.cols(), [&](Index inner, Index depth) {
      for_each_tile(c.rows(), [&](Index row, Index rows) {
        c.block(row, column, rows, columns).noalias() +=
            a.block(row, inner, rows, depth) * b.block(inner, column, depth, columns);
      });
    });
  });
}

/// Adds w y^T, which must be symmetric, to the lower triangle of c, for w and y (n x m) and c (n x n). What it leaves
/// above the diagonal means nothing. Allocates nothing.
template <class W, class Y>
void add_symmetric_product(const W& w, const Y& y, matrix& c) {
  constexpr eigen::Index strip = tile / 2;  // narrower, since each strip reaches above the diagonal
  for (eigen::Index start = 0; start < c.cols(); start += strip) {
    const eigen::Index columns = std::min(strip, c.cols() - start);
    const eigen::Index rows = c.rows() - start;
    add_product(w.bottomRows(rows), y.middleRows(start, columns).transpose(), c.block(start, start, rows, columns));
  }
}

}  // namespace mobula::cma
