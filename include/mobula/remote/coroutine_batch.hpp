#pragma once

#include <mobula/core/tick_clock.hpp>
#include <mobula/remote/batch.hpp>
#include <mobula/remote/map_options.hpp>
#include <mobula/remote/progress_meter.hpp>
#include <mobula/task/task.hpp>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

namespace mobula::detail {

/// One run over items that are coroutines: each goes on by itself, and its completion counts it as done.
///
/// All are started at once, unless in_flight says how many. Then so many lanes are, coroutines each of which awaits one
/// item after the other.
/// Lifetime: must stay where it is from `begin` until it is over.
template <class F, class Items, class Results, class T>
class coroutine_batch : completion {
 public:
  coroutine_batch(F& f, Items const& items, Results& values, progress_meter& meter)
      : completion(&one_is_over),
        function_(f),
        items_(items),
        values_(values),
        meter_(meter),
        outcomes_(new outcome<T>[items.size()]) {}

  /// Starts the items. False if some are not over; then there is a `control` to wait for.
  [[nodiscard]] bool begin(scheduler& s, std::size_t size, map_options const& options) {
    if (size == 0) return true;
    admitted_.emplace(s);
    if (options.in_flight != 0 && options.in_flight < size) {
      lane_count_ = options.in_flight;
      lanes_.reset(new outcome<void>[lane_count_]);
    }
    auto const start = [](void* self, std::size_t& i, std::size_t end) {
      for (auto& me = *static_cast<coroutine_batch*>(self); i < end; ++i) me.start(i);
    };
    std::size_t const jobs = lanes_ != nullptr ? lane_count_ : size;
    worker* const w = this_worker();
    bool const here = w != nullptr && &w->owner == &s && w->context == nullptr;
    control_ = batch::make({.owner = s,
                            .do_items = start,
                            .body = this,
                            .first = 0,
                            .size = jobs,
                            .ticks_per_item = ticks_per_microsecond() / 4,
                            .asynchronous = true,
                            .caller_helps = here,
                            .chunk = options.chunk});
    if (here)
      control_->help();
    else
      control_->invite();  // coroutines run on workers only, and these in no context
    return control_->over();
  }

  [[nodiscard]] batch* control() const noexcept { return control_; }

  /// When it is over: writes the results. Throws the error of the first item in order that failed, or std::bad_alloc if
  /// there was no memory for a lane.
  void finish() {
    if (control_ == nullptr) return;
    try {
      control_->finish();
      for (std::size_t i = 0; i < lane_count_; ++i) lanes_[i].rethrow();
    } catch (...) {
      count_as_seen_from(0);
      throw;
    }
    // An item that wasn't begun comes after one that failed.
    for (std::size_t i = 0; i < items_.size(); ++i) {
      try {
        values_.set(i, [this, i]() -> T { return outcomes_[i].take(); });
      } catch (...) {
        count_as_seen_from(i + 1);
        rethrow_of_item(i);
      }
    }
  }

 private:
  // Of other failures than the first nobody is told.
  void count_as_seen_from(std::size_t i) noexcept {
    for (; i < items_.size(); ++i) outcomes_[i].count_as_seen();
  }

  // Starts one item, or one lane.
  void start(std::size_t i) noexcept {
    std::coroutine_handle<> h;
    try {
      if (lanes_ != nullptr)
        h = task_access::start(lane(), lanes_[i], *this);
      else if constexpr (std::is_reference_v<typename Items::reference>)
        h = task_access::start(std::invoke(function_, items_[i]), outcomes_[i], *this);
      else  // an element made on the fly lives as long as its task
        h = task_access::start(own(function_, items_[i]), outcomes_[i], *this);
    } catch (...) {
      if (lanes_ != nullptr)
        lanes_[i].set_error(std::current_exception());  // no memory for it
      else
        outcomes_[i].set_error(std::current_exception());
      return done();
    }
    resume(h);
  }

  static task<T> own(F& f, typename Items::reference item) { co_return co_await std::invoke(f, item); }

  task<> lane() {
    for (std::size_t i = 0; (i = next_.fetch_add(1, std::memory_order_relaxed)) < items_.size();) {
      try {
        if constexpr (std::is_void_v<T>)
          co_await std::invoke(function_, items_[i]), outcomes_[i].set_value();
        else
          outcomes_[i].set_value(co_await std::invoke(function_, items_[i]));
      } catch (...) {
        outcomes_[i].set_error(std::current_exception());
        if constexpr (Results::first_failure_ends) next_.store(items_.size(), std::memory_order_relaxed);
      }
      if (meter_.on()) meter_.add(1);
    }
  }

  static std::coroutine_handle<> one_is_over(completion& c, std::coroutine_handle<> child) noexcept {
    child.destroy();
    static_cast<coroutine_batch&>(c).done();
    return transfer(nullptr);
  }
  void done() noexcept {
    if (meter_.on() && lanes_ == nullptr) meter_.add(1);
    control_->item_done();
  }

  F& function_;
  Items const& items_;
  Results& values_;
  progress_meter& meter_;
  std::unique_ptr<outcome<T>[]> outcomes_;
  std::unique_ptr<outcome<void>[]> lanes_;  // null if all items are started at once
  std::size_t lane_count_ = 0;
  // The next item that no lane has taken; the size or more when there is none. It orders nothing: the results are
  // ordered by the batch's counter.
  std::atomic<std::size_t> next_{0};
  batch* control_ = nullptr;
  std::optional<batch_admission> admitted_;
};

}  // namespace mobula::detail
