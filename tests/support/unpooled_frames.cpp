// In the place of lib/core/frame_memory.cpp: each frame and task comes from operator new, where it can be refused.
#include <mobula/core/frame_memory.hpp>

#include <new>

namespace mobula::detail {

void* allocate_frame(std::size_t size) { return ::operator new(size, std::align_val_t{frame_alignment}); }
void deallocate_frame(void* block, std::size_t) noexcept {
  ::operator delete(block, std::align_val_t{frame_alignment});
}
std::size_t frame_memory_reserved() noexcept { return 0; }

}  // namespace mobula::detail
