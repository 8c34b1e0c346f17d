#pragma once

#include <memory>

namespace mobula::detail {

/// The nodes of memory of this machine, over which workers are spread.
class memory_nodes {
 public:
  /// Looks for those with processors that the calling thread may use. If that is not wanted, or hwloc was not there when
  /// the library was built, all is one node.
  explicit memory_nodes(bool wanted);
  ~memory_nodes();

  [[nodiscard]] unsigned count() const noexcept;

  /// Keeps the calling thread on the processors of a node; if there is only one, or the system won't, all stays as it is.
  void bind(unsigned node) const noexcept;

 private:
  struct topology;
  std::unique_ptr<topology> topology_;  // null for one node
};

}  // namespace mobula::detail
