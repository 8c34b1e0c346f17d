#pragma once

#include <mobula/requirements.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

namespace mobula::detail {

/// What a higher layer keeps for each runtime. It lives as long as the scheduler, so maybe longer than the runtime.
class runtime_part {
 public:
  runtime_part() noexcept = default;
  runtime_part(runtime_part const&) = delete;
  virtual ~runtime_part() = default;

  /// The runtime is being shut down, and all tasks are over: gives up what it keeps alive, by which new ones may begin.
  /// By the thread that shuts down, maybe more than once.
  virtual void let_go() noexcept = 0;

  /// That is over too: ends what only keeps itself alive. By the same thread, once, after which nothing of it may begin.
  virtual void end() noexcept {}

  /// Tasks that have not started are to end with `cancelled`: lets those go that would wait here to start. Once.
  virtual void drop() noexcept {}
};

/// The parts of one runtime. Threads: any.
class runtime_parts {
 public:
  runtime_parts() = default;
  runtime_parts(runtime_parts const&) = delete;
  ~runtime_parts() {
    for (entry* e = first_.load(std::memory_order_relaxed); e != nullptr;) delete std::exchange(e, e->next);
  }

  /// The part of that type, which is made when it is first asked for.
  template <class Part>
  [[nodiscard]] Part& get() {
    if (runtime_part* const p = find(&key_of<Part>)) return static_cast<Part&>(*p);
    std::lock_guard const lock(mutex_);
    if (runtime_part* const p = find(&key_of<Part>)) return static_cast<Part&>(*p);
    auto p = std::make_unique<Part>();
    Part& made = *p;
    first_.store(new entry{&key_of<Part>, std::move(p), first_.load(std::memory_order_relaxed)},
                 std::memory_order_release);
    return made;
  }

  /// Tells all that are there to let go; whether there are any.
  bool let_go() noexcept {
    return for_each([](runtime_part& p) { p.let_go(); });
  }
  /// Tells all that are there to end; whether there are any.
  bool end() noexcept {
    return for_each([](runtime_part& p) { p.end(); });
  }
  void drop() noexcept {
    for_each([](runtime_part& p) { p.drop(); });
  }

 private:
  struct entry {
    void const* const key;
    std::unique_ptr<runtime_part> const part;
    entry* const next;
  };
  template <class Part>
  static constexpr char key_of = 0;  // its address is the key

  [[nodiscard]] runtime_part* find(void const* key) const noexcept {
    for (entry const* e = first_.load(std::memory_order_acquire); e != nullptr; e = e->next)
      if (e->key == key) return e->part.get();
    return nullptr;
  }
  template <class F>
  bool for_each(F f) noexcept {
    std::lock_guard const lock(mutex_);
    entry const* const first = first_.load(std::memory_order_relaxed);
    for (entry const* e = first; e != nullptr; e = e->next) f(*e->part);
    return first != nullptr;
  }

  std::mutex mutex_;  // of who adds one, or tells all
  // The part made last, with the others behind it. A store releases the part to who finds it here and acquires it.
  std::atomic<entry*> first_{nullptr};
};

}  // namespace mobula::detail
