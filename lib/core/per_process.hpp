#pragma once

#include <pthread.h>

namespace mobula::detail {

/// One object in the process, which is made when it is first asked for and never destroyed. The child of a fork has a new
/// one: the locks of its parent's may be held by threads that the child does not have.
///
/// Threads: any.
template <class T>
[[nodiscard]] T& per_process() {
  static T* one = [] {
    ::pthread_atfork(nullptr, nullptr, [] { one = new T; });
    return new T;
  }();
  return *one;
}

}  // namespace mobula::detail
