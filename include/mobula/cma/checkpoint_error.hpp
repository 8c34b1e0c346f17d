#pragma once

#include <mobula/requirements.hpp>

#include <stdexcept>

namespace mobula::cma {

/// What a stream or a file holds is no checkpoint that can be resumed; `what()` says why: foreign, cut off, damaged, written
/// in another version of the format, or not what any run could have saved.
class checkpoint_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace mobula::cma
