#pragma once

#include <mobula/requirements.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <limits>
#include <mobula/mobula.hpp>
#include <ranges>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

#include "mobula/minimize/arrivals.hpp"
#include "mobula/minimize/objective.hpp"

namespace mobula::cma::detail {

/// Evaluates by a function of one candidate, plain or a coroutine, over `mobula::for_each` or by single tasks.
///
/// Lifetime: the function is borrowed; no evaluation may be under way when this goes.
template <class F>
class function_evaluator final : public arrivals_evaluator {
  static constexpr bool coroutine = is_coroutine<value_t<F>>;

 public:
  explicit function_evaluator(F& f) noexcept : function_(f) {}

  std::vector<failed_evaluation> evaluate(std::span<const double> xs, std::span<double> values,
                                          const std::atomic<bool>& abandon) override {
    generation_call call{function_, xs.data(), xs.size() / values.size(), values.data(), abandon};
    try {
      mobula::for_each(call, std::views::iota(std::size_t{0}, values.size()));
    } catch (...) { return all_failed(values.size(), std::current_exception()); }
    return call.failures.take();
  }

  void start(std::uint64_t id, std::span<const double> x) override {
    const auto evaluation = [] {
      if constexpr (coroutine) {
        return &await_one;
      } else {
        return &run_one;
      }
    }();
    static_cast<void>(mobula::remote(evaluation)(&function_, std::vector<double>(x.begin(), x.end()), expect(id),
                                                 this->stop_token(id)));
  }

 private:
  // Evaluates a candidate of a generation by its index.
  struct generation_call {
    F& function;
    const double* xs;
    std::size_t dimension;
    double* values;
    const std::atomic<bool>& abandon;
    failure_list failures = {};

    std::span<const double> candidate_at(std::size_t k) const { return {xs + k * dimension, dimension}; }

    void operator()(std::size_t k)
      requires(!coroutine)
    {
      if (abandon.load(std::memory_order_relaxed)) return;
      try {
        values[k] = detail::evaluate(function, candidate_at(k), {});
      } catch (...) { fail(k); }
    }
    mobula::task<> operator()(std::size_t k)
      requires coroutine
    {
      if (abandon.load(std::memory_order_relaxed)) co_return;
      try {
        values[k] = co_await awaited<F>::evaluation(function, candidate_at(k), {});
      } catch (...) { fail(k); }
    }

    // In a handler.
    void fail(std::size_t k) {
      values[k] = std::numeric_limits<double>::quiet_NaN();
      failures.note(k, std::current_exception());
    }
  };

  static void run_one(F* f, std::vector<double> x, arrival a, std::stop_token stop) {
    try {
      a.succeed(detail::evaluate(*f, x, stop));
    } catch (...) { a.fail(std::current_exception()); }
  }
  static mobula::task<> await_one(F* f, std::vector<double> x, arrival a, std::stop_token stop) {
    try {
      a.succeed(co_await awaited<F>::evaluation(*f, x, stop));
    } catch (...) { a.fail(std::current_exception()); }
  }

  F& function_;
};

}  // namespace mobula::cma::detail
