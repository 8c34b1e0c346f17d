#include <mobula/future/when_any.hpp>

#include <stdexcept>

namespace mobula::detail {

void check_any(std::size_t size) {
  if (size == 0) throw std::invalid_argument("mobula::when_any: there are no futures, so none will ever be ready");
}

}  // namespace mobula::detail
