#pragma once

#include <mobula/requirements.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <mobula/mobula.hpp>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "mobula/cma/evaluator.hpp"

namespace mobula::cma::detail {

/// Brings the result of one evaluation to whoever waits for it. If it goes before there is a result, as the task was
/// dropped, that is told too.
class arrival {
 public:
  arrival(channel<finished_evaluation> to, std::uint64_t id) : to_(std::move(to)), id_(id), owed_(true) {}
  arrival(arrival&& other) noexcept : to_(other.to_), id_(other.id_), owed_(std::exchange(other.owed_, false)) {}
  arrival& operator=(arrival&&) = delete;
  ~arrival() {
    if (owed_) fail(std::make_exception_ptr(cancelled()));
  }

  void succeed(double value) { send({id_, value, nullptr}); }
  void fail(std::exception_ptr why) { send({id_, std::numeric_limits<double>::quiet_NaN(), std::move(why)}); }

 private:
  void send(finished_evaluation what) {
    owed_ = false;
    static_cast<void>(to_.try_send(std::move(what)));  // there is room for all that were started
  }

  channel<finished_evaluation> to_;
  std::uint64_t id_;
  bool owed_;
};

/// What evaluators have in common that start evaluations one by one.
class arrivals_evaluator : public evaluator {
 public:
  void prepare(std::size_t most) override { results_.emplace(std::max<std::size_t>(most, 1)); }

  std::optional<finished_evaluation> next(seconds limit) override {
    std::optional<finished_evaluation> result;
    if (limit.count() > 1e6) {
      result = mobula::get(results_->receive());
    } else {
      try {
        result = mobula::get(results_->receive(), limit);
      } catch (const timeout_error&) {}
    }
    if (result) stops_.erase(result->id);
    return result;
  }

  void give_up(std::uint64_t id, bool) noexcept override {
    if (const auto found = stops_.find(id); found != stops_.end()) found->second.request_stop();
  }

  [[nodiscard]] std::size_t concurrency() const noexcept override { return scheduler_->concurrency(); }
  [[nodiscard]] seconds now() const noexcept override { return scheduler_->now().time_since_epoch(); }

 protected:
  arrival expect(std::uint64_t id) { return {*results_, id}; }
  std::stop_token stop_token(std::uint64_t id) { return stops_[id].get_token(); }

 private:
  // Kept, as whoever made it may end it.
  std::shared_ptr<const mobula::detail::scheduler> scheduler_ = mobula::detail::current_scheduler().shared_from_this();
  std::optional<channel<finished_evaluation>> results_;
  std::map<std::uint64_t, std::stop_source> stops_;  // of the evaluations under way
};

/// Collects the evaluations of a generation that throw. Threads: any, but for `take`.
class failure_list {
 public:
  void note(std::size_t index, std::exception_ptr what) {
    const std::lock_guard lock(mutex_);
    failed_.push_back({index, std::move(what)});
  }
  [[nodiscard]] std::vector<failed_evaluation> take() {
    std::ranges::sort(failed_, {}, &failed_evaluation::index);
    return std::move(failed_);
  }

 private:
  std::mutex mutex_;  // of the list
  std::vector<failed_evaluation> failed_;
};

/// That all candidates from the first on failed with the same.
inline std::vector<failed_evaluation> all_failed(std::size_t count, const std::exception_ptr& what) {
  std::vector<failed_evaluation> failed;
  for (std::size_t k = 0; k < count; ++k) failed.push_back({k, what});
  return failed;
}

}  // namespace mobula::cma::detail
