#include "fiber_stack.hpp"

#include <sys/mman.h>
#include <unistd.h>

namespace mobula::detail {

std::size_t fiber_stack_allocator::guard_size() noexcept {
  static auto const page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return page;
}

boost::context::stack_context fiber_stack_allocator::allocate() {
  // Twice as much is mapped, then what lies outside the aligned half is given back.
  void* const mapped = ::mmap(nullptr, size_ * 2, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (mapped == MAP_FAILED) throw no_stack();
  auto* const begin = static_cast<char*>(mapped);
  auto const misaligned = reinterpret_cast<std::uintptr_t>(begin) & (size_ - 1);
  std::size_t const before = misaligned == 0 ? 0 : size_ - misaligned;
  char* const low = begin + before;
  if (before != 0) ::munmap(begin, before);
  ::munmap(low + size_, size_ - before);
  if (::mprotect(low, guard_size(), PROT_NONE) != 0) {
    ::munmap(low, size_);
    throw no_stack();
  }
  boost::context::stack_context stack;
  stack.size = size_;
  stack.sp = low + size_;
  return stack;
}

void fiber_stack_allocator::deallocate(boost::context::stack_context& stack) noexcept {
  ::munmap(static_cast<char*>(stack.sp) - stack.size, stack.size);
}

}  // namespace mobula::detail
