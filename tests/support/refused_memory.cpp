#include "support/refused_memory.hpp"

#include <cstddef>
#include <cstdlib>

namespace {

using mobula::test::refusal;

bool refused() noexcept {
  if (refusal::spared) return false;
  if (refusal::in_this_thread >= 0 && refusal::in_this_thread-- == 0) return true;
  int left = refusal::anywhere.load(std::memory_order_relaxed);
  while (left >= 0)
    if (refusal::anywhere.compare_exchange_weak(left, left - 1)) return left == 0;
  return false;
}

void* allocate(std::size_t size, std::size_t alignment) {
  if (refused()) throw std::bad_alloc();
  void* const p = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (p == nullptr) throw std::bad_alloc();
  mobula::test::living_blocks.fetch_add(1, std::memory_order_relaxed);
  ++mobula::test::allocations;
  return p;
}

void release(void* p) noexcept {
  if (p == nullptr) return;
  mobula::test::living_blocks.fetch_sub(1, std::memory_order_relaxed);
  std::free(p);
}

}  // namespace

void* operator new(std::size_t n) { return allocate(n, alignof(std::max_align_t)); }
void* operator new(std::size_t n, std::align_val_t a) { return allocate(n, static_cast<std::size_t>(a)); }
void operator delete(void* p) noexcept { release(p); }
void operator delete(void* p, std::size_t) noexcept { release(p); }
void operator delete(void* p, std::align_val_t) noexcept { release(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { release(p); }
