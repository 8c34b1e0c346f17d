#pragma once

// Relacy redefines words of the language and of the standard library, so what those macros would change comes first, and
// they are gone again below.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <streambuf>
#include <string_view>
#include <thread>
#include <vector>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC system_header
#include <relacy/relacy.hpp>
#pragma GCC diagnostic pop

#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef assert
#undef errno
#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst

// Relacy replaces the allocation functions as they were in 2011; these lead the newer ones to them.
void operator delete(void* p, std::size_t) noexcept { operator delete(p); }
void operator delete[](void* p, std::size_t) noexcept { operator delete[](p); }

namespace mobula::model {

/// What a policy leaves away of the orderings that the code asks for, to show that a model notices.
enum class without {
  nothing,
  acquire,
  release,
  seq_cst,          // becomes acquire and release
  process_barrier,  // does nothing
};

/// Relacy's atomics in the shape of mobula::detail::std_atomics: the lock-free parts are checked as they are.
///
/// `Barrier` tells whether the modelled machine has a process barrier; both ways have to be right.
template <without Weakness = without::nothing, bool Barrier = false>
struct relacy_atomics {
  static constexpr auto relaxed = rl::mo_relaxed;
  static constexpr auto acquire = rl::mo_acquire;
  static constexpr auto release = rl::mo_release;
  static constexpr auto acq_rel = rl::mo_acq_rel;
  static constexpr auto seq_cst = rl::mo_seq_cst;

  static bool has_process_barrier() noexcept { return Barrier; }
  static void process_barrier() noexcept {
    // Relacy's own model of such a call, every thread synchronises with every other.
    if (Barrier && Weakness != without::process_barrier) rl::ctx().rl_global_fence();
  }
  static void compiler_barrier() noexcept {}
  static void pause() noexcept { rl::yield(1, RL_INFO); }

  template <class T>
  class atomic {
   public:
    atomic() : atomic(T()) {}  // as std::atomic since C++20
    atomic(T v) : value_(v) {}
    atomic(atomic const&) = delete;
    atomic& operator=(atomic const&) = delete;

    T load(rl::memory_order o = seq_cst) const { return value_.load(weaker(o, acquire), RL_INFO); }
    void store(T v, rl::memory_order o = seq_cst) { value_.store(v, weaker(o, release), RL_INFO); }
    T exchange(T v, rl::memory_order o = seq_cst) { return value_.exchange(v, weaker(o, acq_rel), RL_INFO); }
    T fetch_add(T v, rl::memory_order o = seq_cst) { return value_.fetch_add(v, weaker(o, acq_rel), RL_INFO); }
    T fetch_sub(T v, rl::memory_order o = seq_cst) { return value_.fetch_sub(v, weaker(o, acq_rel), RL_INFO); }
    bool compare_exchange_strong(T& e, T v, rl::memory_order o = seq_cst) {
      return compare_exchange_strong(e, v, o, failing(o));
    }
    bool compare_exchange_strong(T& e, T v, rl::memory_order o, rl::memory_order f) {
      return value_.compare_exchange_strong(e, v, weaker(o, acq_rel), RL_INFO, weaker(f, acquire), RL_INFO);
    }
    bool compare_exchange_weak(T& e, T v, rl::memory_order o = seq_cst) {
      return compare_exchange_weak(e, v, o, failing(o));
    }
    bool compare_exchange_weak(T& e, T v, rl::memory_order o, rl::memory_order f) {
      return value_.compare_exchange_weak(e, v, weaker(o, acq_rel), RL_INFO, weaker(f, acquire), RL_INFO);
    }

   private:
    static constexpr rl::memory_order failing(rl::memory_order o) {
      return o == acq_rel ? acquire : o == release ? relaxed : o;
    }
    // `most` is the strongest ordering short of seq_cst that the operation may have.
    static constexpr rl::memory_order weaker(rl::memory_order o, rl::memory_order most) {
      if (Weakness == without::seq_cst && o == seq_cst) return most;
      if (Weakness == without::acquire) {
        if (o == acquire) return relaxed;
        if (o == acq_rel || o == seq_cst) return most == acquire ? relaxed : release;
      }
      if (Weakness == without::release) {
        if (o == release) return relaxed;
        if (o == acq_rel || o == seq_cst) return most == release ? relaxed : acquire;
      }
      return o;
    }

    rl::atomic<T> value_;
  };
};

/// Something plain that threads hand to each other: Relacy notices when two accesses are not ordered.
template <class T>
class plain {
 public:
  plain() = default;
  plain(T v) : value_(v) {}
  plain(plain const&) = delete;
  plain& operator=(plain const& other) { return *this = static_cast<T>(other); }
  plain& operator=(T v) {
    value_(RL_INFO) = v;
    return *this;
  }
  operator T() const { return const_cast<rl::var<T>&>(value_)(RL_INFO).load(); }
  T operator->() const { return *this; }

 private:
  rl::var<T> value_;
};

/// A mutex of the modelled machine, for std::lock_guard.
class mutex {
 public:
  void lock() { mutex_.lock(RL_INFO); }
  void unlock() { mutex_.unlock(RL_INFO); }

 private:
  rl::mutex mutex_;
};

/// Where a thread of the modelled machine sleeps until it is woken; a wake that comes first is kept. If all threads
/// sleep, Relacy calls it a deadlock.
class parker {
 public:
  void park() {
    mutex_.lock(RL_INFO);
    while (!token_) changed_.wait(mutex_, RL_INFO);
    token_ = false;
    mutex_.unlock(RL_INFO);
  }
  void unpark() {
    mutex_.lock(RL_INFO);
    token_ = true;
    changed_.notify_one(RL_INFO);
    mutex_.unlock(RL_INFO);
  }

 private:
  rl::mutex mutex_;
  rl::condition_variable changed_;
  plain<bool> token_{false};
};

/// Gives the other threads of the modelled machine a turn.
inline void yield() { rl::yield(1, RL_INFO); }

/// Runs models and remembers whether all behaved as they should.
class checker {
 public:
  /// Runs a model in so many random interleavings (times MOBULA_MODEL_FACTOR) and expects it to hold, or not to.
  template <class Model>
  void expect(bool holds, char const* what, unsigned iterations) {
    text.clear();
    std::ostream log(&text);
    rl::test_params p;
    p.iteration_count = iterations * factor();
    p.execution_depth_limit = 5000;
    p.output_stream = &log;
    p.progress_stream = &log;
    bool const held = rl::simulate<Model>(p);
    bool const right = held == holds;
    std::cout << (right ? "ok    " : "WRONG ") << what << ": " << (held ? "held in all of " : "fails in interleaving ")
              << p.stop_iteration << (holds ? "" : ", as it must") << std::endl;
    if (!right) {
      failed_ = true;
      if (!held) std::cout << text.written() << std::endl;
    }
  }

  /// For main.
  [[nodiscard]] int result() const { return failed_ ? 1 : 0; }

 private:
  static unsigned factor() {
    char const* const text = std::getenv("MOBULA_MODEL_FACTOR");
    int const n = text == nullptr ? 1 : std::atoi(text);
    return n > 0 ? static_cast<unsigned>(n) : 1;
  }

  // Where Relacy writes. Memory that is allocated while a model runs must not outlive it, so it is there before.
  class fixed_text : public std::streambuf {
   public:
    void clear() { setp(text_, text_ + sizeof text_); }
    [[nodiscard]] std::string_view written() const { return {text_, static_cast<std::size_t>(pptr() - text_)}; }

   private:
    char text_[1 << 20];
  };

  static inline fixed_text text;
  bool failed_ = false;
};

}  // namespace mobula::model
