#include "cma/asynchronous.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "cma/settings.hpp"

namespace mobula::cma {
namespace {

constexpr std::size_t remembered = 64;          // durations, of which the median counts
constexpr std::size_t enough = 8;               // durations before any evaluation is given up
constexpr evaluator::seconds never_late{1e-3};  // what takes no longer is not given up
constexpr evaluator::seconds for_ever{std::numeric_limits<double>::infinity()};

class asynchronous_run {
 public:
  asynchronous_run(engine& es, evaluator& objective, const minimize_options& how, std::exception_ptr& last_failure)
      : es_(es),
        objective_(objective),
        last_failure_(last_failure),
        give_up_after_(how.give_up_after),
        // One more than there are workers, so that none waits for its next candidate.
        width_(how.in_flight != 0 ? how.in_flight : objective.concurrency() + 1),
        patience_(how.checkpoint->empty() ? for_ever : evaluator::seconds(0.2)),
        most_given_up_(give_up_after_ > 0 ? 4 * width_ : 0) {
    objective.prepare(width_ + most_given_up_);
  }
  asynchronous_run(const asynchronous_run&) = delete;
  ~asynchronous_run() { drain(); }

  void run(const std::function<bool(std::span<const double>)>& told, const std::function<bool()>& abandoned) {
    do {
      while (values_.size() - replaced_ < es_.constants().popsize) {
        if (abandoned()) return;
        while (under_way_.size() < width_) start_one();
        take_one();
      }
      tell();
    } while (told(told_));
  }

 private:
  struct evaluation {
    std::vector<double> x;
    evaluator::seconds begun;
  };

  void start_one() {
    const std::span<const double> x = es_.ask_one();
    const std::uint64_t id = next_id_++;
    objective_.start(id, x);
    under_way_.emplace(id, evaluation{{x.begin(), x.end()}, objective_.now()});
  }

  // Waits for a result, and meanwhile gives up what takes too long.
  void take_one() {
    const auto result = objective_.next(std::min(until_next_is_late(), patience_));
    if (!result) return give_up_late_ones();
    const auto found = under_way_.find(result->id);
    if (found == under_way_.end()) {
      given_up_.erase(result->id);
      return;
    }
    const evaluation e = std::move(found->second);
    under_way_.erase(found);
    note_duration(objective_.now() - e.begun);
    note_failure(result->failure);
    xs_.insert(xs_.end(), e.x.begin(), e.x.end());
    values_.push_back(result->value);
    const bool again = es_.settings().on_failure == failure_policy::resample && !std::isfinite(result->value);
    if (again && std::cmp_less(replaced_, most_replacements)) ++replaced_;
  }

  // An evaluation that threw counts as one that gave NaN; but when as many as a generation has did one after the other,
  // something else is wrong than the candidates.
  void note_failure(const std::exception_ptr& what) {
    threw_in_a_row_ = what == nullptr ? 0 : threw_in_a_row_ + 1;
    if (what == nullptr) return;
    last_failure_ = what;
    if (es_.settings().on_failure == failure_policy::stop || threw_in_a_row_ >= es_.constants().popsize)
      std::rethrow_exception(what);
  }

  void tell() {
    told_.swap(values_);
    values_.clear();
    replaced_ = 0;
    const std::int64_t before = es_.iterations();
    es_.tell(std::exchange(xs_, {}), told_);
    if (es_.iterations() == before) es_.request_stop("hardly any evaluation gives a finite number");
  }

  void note_duration(evaluator::seconds d) {
    if (durations_.size() < remembered) {
      durations_.push_back(d);
    } else {
      durations_[oldest_] = d;
      oldest_ = (oldest_ + 1) % remembered;
    }
  }

  [[nodiscard]] evaluator::seconds time_limit() const {
    if (give_up_after_ <= 0 || durations_.size() < enough || given_up_.size() == most_given_up_) return for_ever;
    std::vector<evaluator::seconds> sorted = durations_;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::ranges::nth_element(sorted, middle);
    return std::max(*middle * give_up_after_, never_late);
  }

  // Evaluations begin in the order of their numbers, so the first is the first to be late.
  [[nodiscard]] evaluator::seconds until_next_is_late() const {
    const evaluator::seconds limit = time_limit();
    if (limit == for_ever || under_way_.empty()) return for_ever;
    return std::max(evaluator::seconds::zero(), under_way_.begin()->second.begun + limit - objective_.now());
  }

  void give_up_late_ones() {
    while (!under_way_.empty() && until_next_is_late() <= evaluator::seconds::zero()) {
      const std::uint64_t id = under_way_.begin()->first;
      given_up_.insert(id);
      objective_.give_up(id, true);
      under_way_.erase(id);
    }
  }

  // Evaluations use the objective, which may go with whoever called; so all have to end.
  void drain() noexcept {
    for (const auto& [id, unused] : under_way_) objective_.give_up(id, false);
    while (!under_way_.empty() || !given_up_.empty()) {
      const auto result = objective_.next(for_ever);
      under_way_.erase(result->id);
      given_up_.erase(result->id);
    }
  }

  engine& es_;
  evaluator& objective_;
  std::exception_ptr& last_failure_;
  double give_up_after_;
  std::size_t width_;            // evaluations under way
  evaluator::seconds patience_;  // after which to ask again whether the search is abandoned
  std::size_t most_given_up_;
  std::map<std::uint64_t, evaluation> under_way_;
  std::set<std::uint64_t> given_up_;  // and not over
  std::uint64_t next_id_ = 0;

  // Results of the generation that is to be told, and those that were told last.
  std::vector<double> xs_, values_, told_;
  std::size_t replaced_ = 0;  // of them, that have failed and do not count
  std::size_t threw_in_a_row_ = 0;
  std::vector<evaluator::seconds> durations_;  // of the last ones: a ring
  std::size_t oldest_ = 0;
};

}  // namespace

void run_asynchronously(engine& es, evaluator& objective, const minimize_options& how,
                        const std::function<bool(std::span<const double>)>& told,
                        const std::function<bool()>& abandoned, std::exception_ptr& last_failure) {
  asynchronous_run(es, objective, how, last_failure).run(told, abandoned);
}

}  // namespace mobula::cma
