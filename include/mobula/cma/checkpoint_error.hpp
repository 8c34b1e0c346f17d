#pragma once

#include <stdexcept>

namespace mobula::cma {

/// What a stream holds is no checkpoint that can be resumed; `what()` says why: foreign, cut off, damaged, or written
/// in another version of the format.
class checkpoint_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace mobula::cma
