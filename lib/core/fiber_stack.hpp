#pragma once

#include <boost/context/stack_context.hpp>

#include <cstddef>
#include <cstdint>
#include <new>

namespace mobula::detail {

/// The system has no memory, or no more mappings, for a stack.
struct no_stack : std::bad_alloc {};

/// Allocates stacks for fibers: a power of two of bytes, aligned to its size, with a guard page at the low end, so that
/// any address on a stack tells where the stack ends. Pages are taken from the system when first touched.
class fiber_stack_allocator {
 public:
  /// `size` in bytes, a power of two of at least 32 KiB.
  explicit fiber_stack_allocator(std::size_t size) noexcept : size_(size) {}

  /// Throws no_stack.
  boost::context::stack_context allocate();
  void deallocate(boost::context::stack_context& stack) noexcept;

  /// Bytes at the low end that can't be used.
  [[nodiscard]] static std::size_t guard_size() noexcept;

  /// Where the stack of `size` bytes that the caller runs on begins.
  [[gnu::always_inline]] static std::uintptr_t floor_here(std::size_t size) noexcept {
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) & ~(size - 1);
  }

 private:
  std::size_t size_;
};

}  // namespace mobula::detail
