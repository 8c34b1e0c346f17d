#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <mobula/mobula.hpp>

#include "mobula/cma/optimizer.hpp"

namespace mobula::cma {
namespace detail {

/// A candidate as functions like to take it: a read-only view of its n numbers, with Eigen's arithmetic.
using candidate = Eigen::Map<const Eigen::VectorXd>;

/// Calls `f` with a candidate in the form that it takes; the first that fits of a column of Eigen's (also as
/// `Eigen::Ref`), a `std::span<const double>`, an `Eigen::VectorXd` and a `std::vector<double>`.
///
/// A coroutine reads its parameters after the call has returned. What it takes by reference must therefore live until
/// the generation has been told: the numbers do (they are the optimizer's), and so do the views of them, which are
/// elements of `generation_view`. The vectors in the last two forms are owned by an object of the generation as well.
template <class F>
class objective;

}  // namespace detail
}  // namespace mobula::cma
