#pragma once

#include <mobula/requirements.hpp>

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

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

  /// Tasks that have not started are to end with `cancelled`: lets those go that would wait here to start. Once.
  virtual void drop() noexcept {}
};

/// The parts of one runtime. Threads: any.
class runtime_parts {
 public:
  /// The part of that type, which is made when it is first asked for.
  template <class Part>
  [[nodiscard]] Part& get() {
    std::lock_guard const lock(mutex_);
    for (auto const& [key, p] : parts_)
      if (key == &key_of<Part>) return static_cast<Part&>(*p);
    auto p = std::make_unique<Part>();
    Part& made = *p;
    parts_.emplace_back(&key_of<Part>, std::move(p));
    return made;
  }

  /// Tells all that are there to let go; whether there are any.
  bool let_go() noexcept {
    std::lock_guard const lock(mutex_);
    for (auto const& [key, p] : parts_) p->let_go();
    return !parts_.empty();
  }

  void drop() noexcept {
    std::lock_guard const lock(mutex_);
    for (auto const& [key, p] : parts_) p->drop();
  }

 private:
  template <class Part>
  static constexpr char key_of = 0;  // its address is the key

  std::mutex mutex_;
  std::vector<std::pair<void const*, std::unique_ptr<runtime_part>>> parts_;
};

}  // namespace mobula::detail
