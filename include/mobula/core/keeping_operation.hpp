#pragma once

#include <mobula/requirements.hpp>

#include <utility>

namespace mobula::detail {

/// What an operation refers to, kept by a base that goes after it.
template <class Kept>
struct kept_for_operation {
  Kept kept;
};

/// An operation that keeps what it refers to, as that comes from a temporary.
template <class Op, class Kept>
class keeping_operation : kept_for_operation<Kept>, public Op {
 public:
  template <class... Args>
  explicit keeping_operation(Kept owner, Args&&... args)
      : kept_for_operation<Kept>{std::move(owner)}, Op(std::forward<Args>(args)...) {}
};

}  // namespace mobula::detail
