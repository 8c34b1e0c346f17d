#pragma once

#include <mobula/requirements.hpp>

#include <cstddef>
#include <type_traits>

namespace mobula::detail {

/// The least alignment of what `allocate_frame` gives, in bytes: a cache line.
inline constexpr std::size_t frame_alignment = 64;

/// The most bytes for which `allocate_frame` keeps free lists.
inline constexpr std::size_t largest_pooled_frame = 1024;

/// Allocates memory for a task: its shared state or its coroutine frame. Throws std::bad_alloc.
///
/// A block is aligned to a cache line, and to the largest power of two that divides its size. So whatever has that size
/// is aligned as its type asks, as a size is a multiple of the alignment; of a coroutine frame the size is all that g++
/// tells.
///
/// Blocks up to that size come from free lists of the calling thread. A list holds at most two magazines of 64 blocks;
/// full ones go to a shared depot and come back from there, so that a thread which only frees feeds one which only
/// allocates and memory stays at the peak of what was in use at once.
/// Threads: any; a block may be freed by another thread than the one that allocated it.
[[nodiscard]] void* allocate_frame(std::size_t size);

/// Frees what `allocate_frame(size)` gave.
void deallocate_frame(void* block, std::size_t size) noexcept;

/// Whether a value that lies in a coroutine's frame, as most results do that are awaited, lies where its type asks.
#if defined(__clang__) && !defined(MOBULA_ALIGNED_FRAMES)
template <class T>
inline constexpr bool frame_aligns = std::is_reference_v<T> || alignof(T) <= frame_alignment;
#else
template <class>
inline constexpr bool frame_aligns = true;
#endif

/// How many bytes of blocks have ever been taken from the system: the peak of what was in use, and a little more.
[[nodiscard]] std::size_t frame_memory_reserved() noexcept;

}  // namespace mobula::detail
