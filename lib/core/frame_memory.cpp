#include <mobula/core/frame_memory.hpp>

#include "per_process.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

namespace mobula::detail {
namespace {

constexpr std::size_t unit = frame_alignment;  // size classes: 64, 128, ... bytes
constexpr std::size_t classes = largest_pooled_frame / unit;
constexpr std::uint32_t magazine_size = 64;  // blocks handed over at once

// A free block; the first of a full magazine also links it to the next one in the depot.
struct free_block {
  free_block* next;
  free_block* next_magazine;
};

std::atomic<std::size_t> reserved{0};

// How a block of that size is aligned.
std::align_val_t alignment_of(std::size_t size) noexcept {
  return std::align_val_t{std::max(unit, size & (~size + 1))};  // the lowest bit that is set
}

// As each block of a slab has to be.
void* fresh_slab(std::size_t size) {
  std::size_t const bytes = size * magazine_size;
  void* p = ::operator new(bytes, alignment_of(size));
  reserved.fetch_add(bytes, std::memory_order_relaxed);
  return p;
}

// Full magazines of one size class, shared by all threads.
class depot {
 public:
  void put(free_block* magazine) noexcept {
    std::lock_guard const lock(mutex_);
    magazine->next_magazine = magazines_;
    magazines_ = magazine;
  }
  free_block* take() noexcept {
    std::lock_guard const lock(mutex_);
    free_block* const m = magazines_;
    if (m != nullptr) magazines_ = m->next_magazine;
    return m;
  }

 private:
  std::mutex mutex_;
  free_block* magazines_ = nullptr;
};

// Tasks may be freed by the destructors of other statics.
std::array<depot, classes>& depots() { return per_process<std::array<depot, classes>>(); }

// The free blocks of one size class of one thread: `loose` is in use, `full` is a whole magazine or null.
struct bin {
  free_block* loose = nullptr;
  free_block* full = nullptr;
  std::uint32_t count = magazine_size;  // of loose; at first as if full, so that either first use takes the slow path
};

constinit thread_local std::array<bin, classes> bins{};

// Gives a thread's blocks back when it ends. A loose rest becomes a short magazine.
struct flush_at_exit {
  ~flush_at_exit() {
    for (std::size_t c = 0; c < classes; ++c) {
      bin& b = bins[c];
      if (b.full != nullptr) depots()[c].put(b.full);
      if (b.loose != nullptr) depots()[c].put(b.loose);
      b = {};
    }
  }
};

[[gnu::noinline]] void watch_thread_exit() { thread_local flush_at_exit const flush; }

std::uint32_t length(free_block const* b) noexcept {
  std::uint32_t n = 0;
  for (; b != nullptr; b = b->next) ++n;
  return n;
}

free_block* pop(bin& b) noexcept {
  free_block* const p = b.loose;
  b.loose = p->next;
  --b.count;
  return p;
}

void push(bin& b, void* memory) noexcept {
  auto* const p = static_cast<free_block*>(memory);
  p->next = b.loose;
  b.loose = p;
  ++b.count;
}

// The slow paths are functions of their own, called last, so that the fast ones save no registers.

[[gnu::noinline, gnu::cold]] void* allocate_from_depot(std::size_t c) {
  watch_thread_exit();
  bin& b = bins[c];
  if (b.full != nullptr) {
    b.loose = std::exchange(b.full, nullptr);
    b.count = magazine_size;
  } else if (free_block* m = depots()[c].take()) {
    b.loose = m;
    b.count = length(m);
  } else {
    std::size_t const size = (c + 1) * unit;
    auto* const slab = static_cast<std::byte*>(fresh_slab(size));
    b.count = 0;
    for (std::uint32_t i = magazine_size; i-- > 0;) push(b, slab + i * size);
  }
  return pop(b);
}

[[gnu::noinline, gnu::cold]] void deallocate_to_depot(std::size_t c, void* memory) noexcept {
  watch_thread_exit();
  bin& b = bins[c];
  if (b.full != nullptr) depots()[c].put(b.full);
  b.full = std::exchange(b.loose, nullptr);
  b.count = 0;
  push(b, memory);
}

[[gnu::noinline, gnu::cold]] void* allocate_large(std::size_t size) { return ::operator new(size, alignment_of(size)); }

[[gnu::noinline, gnu::cold]] void deallocate_large(void* memory, std::size_t size) noexcept {
  ::operator delete(memory, alignment_of(size));
}

#if defined(__SANITIZE_ADDRESS__)
constexpr bool pooled = false;  // so that AddressSanitizer sees each use after free
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool pooled = false;
#else
constexpr bool pooled = true;
#endif
#else
constexpr bool pooled = true;
#endif

}  // namespace

// Never inlined: a task may go on in another thread after any wait, and an inlined copy could keep the old thread's
// address of `bins` across it.
[[gnu::noinline]] void* allocate_frame(std::size_t size) {
  std::size_t const c = (size - 1) / unit;
  if (!pooled || c >= classes) [[unlikely]]
    return allocate_large(size);
  bin& b = bins[c];
  if (b.loose == nullptr) [[unlikely]]
    return allocate_from_depot(c);
  return pop(b);
}

[[gnu::noinline]] void deallocate_frame(void* memory, std::size_t size) noexcept {
  std::size_t const c = (size - 1) / unit;
  if (!pooled || c >= classes) [[unlikely]]
    return deallocate_large(memory, size);
  bin& b = bins[c];
  if (b.count == magazine_size) [[unlikely]]
    return deallocate_to_depot(c, memory);
  push(b, memory);
}

std::size_t frame_memory_reserved() noexcept { return reserved.load(std::memory_order_relaxed); }

}  // namespace mobula::detail
