#pragma once

#include <cxxabi.h>

#include <cstddef>
#include <cstring>

namespace mobula::detail {

/// What the C++ runtime keeps of exceptions for each thread. A task that waits inside a catch block takes its own along
/// when it goes on in another thread, and leaves none behind.
///
/// Source: Itanium C++ ABI, 2.2.2: __cxa_eh_globals holds caughtExceptions and uncaughtExceptions.
class exceptions_in_flight {
 public:
  exceptions_in_flight() noexcept { std::memcpy(saved_, of_this_thread(), sizeof saved_); }
  static void clear() noexcept { std::memset(of_this_thread(), 0, sizeof saved_); }
  void restore() const noexcept { std::memcpy(of_this_thread(), saved_, sizeof saved_); }

 private:
  // Never inlined, as the thread may have changed since the last call.
  [[gnu::noinline]] static void* of_this_thread() noexcept {
    asm volatile("");
    return static_cast<void*>(abi::__cxa_get_globals());
  }

  std::byte saved_[sizeof(void*) + sizeof(unsigned)];
};

}  // namespace mobula::detail
