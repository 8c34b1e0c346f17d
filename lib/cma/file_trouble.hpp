#pragma once

#include <string>

namespace mobula::cma {

/// Tells the user, on stderr, that a file of the search can't be written: once, until it can be or the reason is another.
/// The search itself goes on.
class file_trouble {
 public:
  /// @param why what was thrown, which names the file and the reason
  /// @param then what happens now
  void tell(const std::string& why, const std::string& then);
  void over() noexcept { told_.clear(); }

 private:
  std::string told_;
};

}  // namespace mobula::cma
