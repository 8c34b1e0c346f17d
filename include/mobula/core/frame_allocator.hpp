#pragma once

#include <mobula/core/frame_memory.hpp>

#include <cstddef>
#include <limits>
#include <new>

namespace mobula::detail {

/// `allocate_frame` as an allocator, for others' short-lived memory.
template <class T>
struct frame_allocator {
  using value_type = T;

  frame_allocator() noexcept = default;
  template <class U>
  frame_allocator(frame_allocator<U>) noexcept {}  // NOLINT: allocators convert

  [[nodiscard]] T* allocate(std::size_t n) const {
    if (n > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(allocate_frame(n * sizeof(T)));
  }
  void deallocate(T* p, std::size_t n) const noexcept { deallocate_frame(p, n * sizeof(T)); }

  friend bool operator==(frame_allocator, frame_allocator) noexcept { return true; }
};

}  // namespace mobula::detail
