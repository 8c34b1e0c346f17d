#pragma once

#include <mobula/requirements.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mobula/mobula.hpp>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

#include "mobula/minimize/arrivals.hpp"
#include "mobula/minimize/objective.hpp"

namespace mobula::cma {

/// Says that candidates are evaluated by the members of an actor pool, each of which holds what an evaluation needs: a
/// simulator, a connection, a data set.
///
///     mb::actor_pool<simulator> pool({mb::make_actor<simulator>(), mb::make_actor<simulator>()});
///     cma::minimize(cma::pool_objective<&simulator::cost>(pool), x0, 0.5);
///
/// The method takes a candidate as a function does, and may be a coroutine. A member evaluates one candidate at a time, so
/// it needs no lock. The result does not depend on which member had which candidate, as long as their values don't.
///
/// A member that dies leaves the pool; an evaluation that it had begun has thrown then.
/// Lifetime: the pool is borrowed.
template <class Method, class T>
struct pool_objective_of {
  Method method;
  const actor_pool<T>& pool;
  /// Makes a member in the place of one that is killed, as its evaluation has been given up (see
  /// minimize_options::give_up_after). Without one, members are not killed.
  std::function<actor<T>()> replace = {};
};

template <auto Method, class T>
[[nodiscard]] auto pool_objective(const actor_pool<T>& pool,
                                  std::type_identity_t<std::function<actor<T>()>> replace = {}) {
  return pool_objective_of<decltype(Method), T>{Method, pool, std::move(replace)};
}
/// The same for a function that takes the object and a candidate.
template <class F, class T>
[[nodiscard]] auto pool_objective(F f, const actor_pool<T>& pool,
                                  std::type_identity_t<std::function<actor<T>()>> replace = {}) {
  return pool_objective_of<F, T>{std::move(f), pool, std::move(replace)};
}

namespace detail {

/// Evaluates by the members of a pool.
template <class Method, class T>
class pool_evaluator final : public arrivals_evaluator {
  using value = value_t<Method, T>;

 public:
  explicit pool_evaluator(const pool_objective_of<Method, T>& of) : of_(of) {}

  std::vector<failed_evaluation> evaluate(std::span<const double> xs, std::span<double> values,
                                          const std::atomic<bool>& abandon) override {
    const std::size_t n = xs.size() / values.size();
    std::vector<future<double>> futures;
    futures.reserve(values.size());
    for (std::size_t k = 0; k < values.size(); ++k)
      futures.push_back(of_.pool.submit(call{of_.method, xs.subspan(k * n, n), abandon}));
    const auto outcomes = mobula::get_outcomes(std::move(futures));
    std::vector<failed_evaluation> failed;
    for (std::size_t k = 0; k < values.size(); ++k) {
      const auto failure = outcomes[k].failure();
      values[k] = failure ? std::numeric_limits<double>::quiet_NaN() : outcomes[k].get();
      if (failure) failed.push_back({k, failure->exception()});
    }
    return failed;
  }

  void start(std::uint64_t id, std::span<const double> x) override {
    future<double> result =
        of_.pool.submit(owning_call{of_.method, {x.begin(), x.end()}, stop_token(id), id, members_});
    static_cast<void>(std::move(result).then([a = expect(id)](outcome<double> o) mutable {
      const auto failure = o.failure();
      failure ? a.fail(failure->exception()) : a.succeed(o.get());
    }));
  }

  void give_up(std::uint64_t id, bool replace) noexcept override {
    arrivals_evaluator::give_up(id, replace);
    if (!replace || !of_.replace) return;
    try {
      if (const std::optional<actor<T>> member = members_->take(id)) {
        member->kill();
        of_.pool.push(of_.replace());
      }
    } catch (...) {}  // the member lives on; its result will be dropped
  }

 private:
  // Which member has which evaluation.
  class members {
   public:
    void put(std::uint64_t id, actor<T> a) {
      const std::lock_guard lock(mutex_);
      by_id_.insert_or_assign(id, std::move(a));
    }
    std::optional<actor<T>> take(std::uint64_t id) {
      const std::lock_guard lock(mutex_);
      const auto found = by_id_.find(id);
      if (found == by_id_.end()) return std::nullopt;
      std::optional<actor<T>> a(std::move(found->second));
      by_id_.erase(found);
      return a;
    }

    // Fails if it has been given up, so that the pool sees that its member is dead.
    void done(std::uint64_t id) {
      if (!take(id)) throw cancelled();
    }

   private:
    std::mutex mutex_;
    std::map<std::uint64_t, actor<T>> by_id_;
  };

  // Evaluates a candidate whose numbers live until the call is over.
  struct call {
    Method method;
    std::span<const double> x;
    const std::atomic<bool>& abandon;
    auto operator()(T& object) {
      if (abandon.load(std::memory_order_relaxed)) throw cancelled();
      if constexpr (is_coroutine<value>) {
        return awaited<Method, T>::evaluation(method, x, {}, object);
      } else {
        return evaluate_by(method, x, {}, object);
      }
    }
    static double evaluate_by(Method& m, std::span<const double> x, const std::stop_token& stop, T& object) {
      return detail::evaluate(m, x, stop, object);
    }
  };

  // The same with numbers of its own.
  struct owning_call {
    Method method;
    std::vector<double> x;
    std::stop_token stop;
    std::uint64_t id;
    std::shared_ptr<members> who;

    auto operator()(T& object) {
      who->put(id, current_actor<T>());
      if constexpr (is_coroutine<value>) {
        return await(std::move(*this), object);
      } else {
        const double y = detail::evaluate(method, x, stop, object);
        who->done(id);
        return y;
      }
    }
    static mobula::task<double> await(owning_call me, T& object) {
      const double y = co_await awaited<Method, T>::evaluation(me.method, me.x, me.stop, object);
      me.who->done(me.id);
      co_return y;
    }
  };

  const pool_objective_of<Method, T>& of_;
  std::shared_ptr<members> members_ = std::make_shared<members>();
};

}  // namespace detail
}  // namespace mobula::cma
