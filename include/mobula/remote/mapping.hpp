#pragma once

#include <mobula/core/failure.hpp>
#include <mobula/core/submission_hold.hpp>
#include <mobula/core/tick_clock.hpp>
#include <mobula/remote/coroutine_batch.hpp>
#include <mobula/remote/map_mistakes.hpp>
#include <mobula/remote/map_options.hpp>
#include <mobula/remote/numbered.hpp>
#include <mobula/remote/plain_batch.hpp>
#include <mobula/remote/progress_meter.hpp>
#include <mobula/remote/results.hpp>
#include <mobula/task/task.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <type_traits>
#include <utility>

namespace mobula::detail {

/// The body of a plain_batch that calls a function with each element.
template <class F, class Items, class Results>
struct map_body {
  F& function;
  Items const& items;
  Results& values;
  progress_meter& meter;

  void operator()(std::size_t& i, std::size_t end) const {
    try {
      if (meter.on()) return reporting(i, end);
      for (; i < end; ++i) item(i);
    } catch (...) { rethrow_of_item(i); }
  }

 private:
  void item(std::size_t i) const {
    values.set(i, [&]() -> decltype(auto) { return std::invoke(function, items[i]); });
  }

  // Reports within a piece too, once in a while.
  void reporting(std::size_t& i, std::size_t end) const {
    std::uint64_t const pause = 1000 * ticks_per_microsecond();
    std::size_t reported = i;
    for (auto last = ticks(); i < end; ++i) {
      item(i);
      if (i + 1 != end && ticks() - last < pause) continue;
      meter.add(i + 1 - reported);
      reported = i + 1;
      last = ticks();
    }
  }
};

/// How items are done whose function returns R, and the type of an item's value, kept by itself.
template <class F, class Items, template <class> class Results, class R>
struct batch_of {
  using value = std::remove_cvref_t<R>;
  using results = Results<value>;
  using type = plain_batch<map_body<F, Items, results>>;
};
template <class F, class Items, template <class> class Results, class T>
struct batch_of<F, Items, Results, task<T>> {
  using value = std::remove_cvref_t<T>;
  using results = Results<value>;
  using type = coroutine_batch<F, Items, results, T>;
};

/// One call of `map` or of its kin with a function and a range, which keeps the results as `Results` does.
///
/// The caller calls `begin`, waits for the `control` if that says false, and then calls `take` (see batch_end.hpp).
/// Lifetime: must stay where it is from `begin` until it is over.
template <class F, class R, template <class> class Results>
class mapping {
  using items = numbered<R>;
  using parts = batch_of<F, items, Results, std::invoke_result_t<F&, typename items::reference>>;

 public:
  mapping(F& f, R& range, map_options const& options)
      : options_(options),
        items_(range),
        meter_(options.progress, items_.size()),
        values_(items_.size()),
        batch_(f, items_, values_, meter_) {}
  mapping(mapping const&) = delete;

  [[nodiscard]] bool begin() {
    submission_hold const s;
    return batch_.begin(*s, items_.size(), options_);
  }
  [[nodiscard]] batch* control() const noexcept { return batch_.control(); }
  auto take() {
    batch_.finish();
    meter_.finish();
    return std::move(values_).take();
  }

 private:
  map_options const& options_;
  items items_;
  progress_meter meter_;
  typename parts::results values_;
  typename parts::type batch_;
};

/// The same for F and R as they are forwarded.
template <class F, class R, template <class> class Results>
using mapping_of = mapping<std::remove_reference_t<F>, std::remove_reference_t<R>, Results>;

}  // namespace mobula::detail
