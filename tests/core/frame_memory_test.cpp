#include "mobula/core/frame_memory.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace {

using mobula::detail::allocate_frame;
using mobula::detail::deallocate_frame;
using mobula::detail::frame_memory_reserved;

// Hands vectors of blocks from one thread to another, one at a time.
class handover {
 public:
  void put(std::vector<void*> blocks) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !full_; });
    blocks_ = std::move(blocks);
    full_ = true;
    changed_.notify_all();
  }
  std::vector<void*> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return full_; });
    full_ = false;
    changed_.notify_all();
    return std::move(blocks_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<void*> blocks_;
  bool full_ = false;
};

}  // namespace

TEST_CASE("blocks of every size are whole, apart and aligned to cache lines", "[core]") {
  std::vector<std::pair<std::size_t, unsigned char*>> blocks;
  for (std::size_t size = 1; size <= 3000; size += 37) {
    auto* const p = static_cast<unsigned char*>(allocate_frame(size));
    CHECK(reinterpret_cast<std::uintptr_t>(p) % 64 == 0);
    std::memset(p, static_cast<int>(size % 251), size);
    blocks.emplace_back(size, p);
  }
  bool whole = true;
  for (auto [size, p] : blocks) {
    for (std::size_t i = 0; i < size; ++i) whole &= p[i] == size % 251;
    deallocate_frame(p, size);
  }
  CHECK(whole);
}

TEST_CASE("a block is aligned to the largest power of two that divides its size", "[core]") {
  std::vector<std::pair<std::size_t, void*>> blocks;
  for (std::size_t alignment = 64; alignment <= 65536; alignment *= 2) {
    for (std::size_t const times : {1U, 3U, 1U, 5U, 3U}) {
      void* const p = allocate_frame(times * alignment);
      CHECK(reinterpret_cast<std::uintptr_t>(p) % alignment == 0);
      blocks.emplace_back(times * alignment, p);
    }
  }
  for (auto [size, p] : blocks) deallocate_frame(p, size);
}

TEST_CASE("a freed block is used again by the thread that freed it", "[core]") {
  deallocate_frame(allocate_frame(100), 100);
  auto const before = frame_memory_reserved();
  for (int i = 0; i < 100'000; ++i) deallocate_frame(allocate_frame(100), 100);
  CHECK(frame_memory_reserved() == before);
}

TEST_CASE("one thread that only allocates and one that only frees don't make memory grow", "[core]") {
  constexpr int rounds = 1000, at_once = 100;
  constexpr std::size_t size = 200;
  auto const before = frame_memory_reserved();
  handover mail;
  std::thread consumer([&] {
    for (int i = 0; i < rounds; ++i)
      for (void* p : mail.take()) deallocate_frame(p, size);
  });
  for (int i = 0; i < rounds; ++i) {
    std::vector<void*> blocks(at_once);
    for (auto& p : blocks) p = allocate_frame(size);
    mail.put(std::move(blocks));
  }
  consumer.join();
  // Some 300 blocks are in use at once, and each thread may keep two magazines of 64; 100,000 were allocated.
  CHECK(frame_memory_reserved() - before <= 1000 * 256);
}

TEST_CASE("a thread that ends leaves its free blocks to the others", "[core]") {
  constexpr std::size_t size = 300;
  auto const use_many = [] {
    std::array<void*, 500> blocks{};
    for (auto& p : blocks) p = allocate_frame(size);
    for (auto* p : blocks) deallocate_frame(p, size);
  };
  std::thread(use_many).join();
  auto const before = frame_memory_reserved();
  for (int i = 0; i < 20; ++i) std::thread(use_many).join();
  CHECK(frame_memory_reserved() - before <= 2 * 64 * 320);
}

TEST_CASE("a thread that allocates first and then frees what others allocate gives it back", "[core]") {
  constexpr std::size_t size = 960;  // a size class that no other test uses
  constexpr int rounds = 50;
  std::vector<void*> blocks;
  std::atomic<int> turn{0};  // odd: the other thread's
  std::thread freeing([&] {
    void* const own = mobula::detail::allocate_frame(size);
    for (int round = 0; round < rounds; ++round) {
      while (turn.load() != 2 * round + 1) std::this_thread::yield();
      for (void* b : blocks) mobula::detail::deallocate_frame(b, size);
      turn.store(2 * round + 2);
    }
    mobula::detail::deallocate_frame(own, size);
  });
  std::size_t reserved = 0;
  for (int round = 0; round < rounds; ++round) {
    blocks.clear();
    for (int i = 0; i < 1000; ++i) blocks.push_back(mobula::detail::allocate_frame(size));
    turn.store(2 * round + 1);
    while (turn.load() != 2 * round + 2) std::this_thread::yield();
    if (round == 2) reserved = mobula::detail::frame_memory_reserved();
  }
  freeing.join();
  CHECK(mobula::detail::frame_memory_reserved() == reserved);
}
