#include "cma/session.hpp"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

#include "cma/asynchronous.hpp"
#include "cma/number_text.hpp"
#include "cma/settings.hpp"

namespace mobula::cma {
namespace {

constexpr std::size_t most_ahead = 7;  // runs
const std::atomic<bool> never{false};

// What happens when a checkpoint could not be written.
constexpr const char* ends_by_signal = "the search ends by SIGTERM without it";
constexpr const char* ends = "the run is over without it";

// Options that would be ignored: whoever sets them expects something of them.
void check(const minimize_options& how) {
  const auto require = [](bool holds, const std::string& what) {
    if (!holds) throw std::invalid_argument("cma: minimize_options::" + what);
  };
  require(how.give_up_after >= 0,
          "give_up_after is " + number_text(how.give_up_after) + "; it must be 0 (never) or greater");
  require(how.give_up_after == 0 || how.asynchronous,
          "give_up_after is " + number_text(how.give_up_after) + ", but asynchronous is false: set it too");
  require(how.in_flight == 0 || how.asynchronous,
          "in_flight is " + std::to_string(how.in_flight) + ", but asynchronous is false: set it too");
  require(static_cast<double>(how.in_flight) <= most_candidates,
          "in_flight is " + std::to_string(how.in_flight) + "; it must be at most " + number_text(most_candidates));
  require(!how.resume || !how.checkpoint->empty(), "resume is true, but checkpoint names no file to go on from");
}

std::vector<double> numbers_of(std::span<const double> numbers) { return {numbers.begin(), numbers.end()}; }

restart_options no_restarts() { return {.restarts = 0}; }

search_outcome outcome_of(const engine& es, const earlier_runs& before) {
  const bool found = es.best_evaluation() > 0;
  return {.x = numbers_of(es.best_x()),
          .f = es.best_f(),
          .best_evaluation = found ? before.evaluations + es.best_evaluation() : 0,
          .best_iteration = found ? before.iterations + es.best_iteration() : 0,
          .mean = numbers_of(es.mean()),
          .sigma = es.sigma(),
          .stds = numbers_of(es.stds())};
}

}  // namespace

session::session(std::span<const double> x0, double sigma0, const options& settings, evaluator& objective,
                 const minimize_options& how)
    : x0_(numbers_of(x0)),
      settings_(settings),
      objective_(objective),
      how_(how),
      plan_(sigma0, x0.size(), settings, how.restarts.value_or(no_restarts())),
      ahead_(plan_) {
  check(how);
  run_observer::check_files(how);
  if (!how.checkpoint->empty()) watch_.emplace();
  if (how.resume) resume();
  if (runs_.empty() && !begin_next()) return;
  if (watch_) try_to_save();
  const std::int64_t told = before_.iterations + runs_.front().es.iterations();
  options limits = runs_.front().es.settings();
  limits.maxfevals = settings.maxfevals;  // of all runs
  limits.timeout = settings.timeout;
  observer_.emplace(how, limits, x0_.size(), told);
}

search_outcome session::run() {
  while (!runs_.empty() || (!stop_ && begin_next())) {
    begin_ahead();
    if (!runs_.front().over()) how_.asynchronous ? run_front_asynchronously() : run_generation();
    if (interrupted() || stop_ || runs_.front().over()) finish_front();
  }
  if (observer_) observer_->finish(last_, {});
  best_.evaluations = before_.evaluations;
  best_.iterations = before_.iterations;
  best_.failures = before_.failures;
  return std::move(best_);
}

bool session::begin_next() {
  const std::optional<planned_run> next = plan_.next();
  if (!next) return false;
  runs_.push_back({*next, make_engine(*next)});
  ahead_ = plan_;
  return true;
}

// Only where what is planned does not depend on how the runs before it end, and nobody can interfere.
void session::begin_ahead() {
  const bool may = how_.restarts && how_.restarts->strategy == restart_strategy::ipop &&
                   settings_.maxfevals == std::numeric_limits<double>::infinity() && !*how_.callback &&
                   !how_.asynchronous;
  if (!may || !may_begin_ahead_) return;
  const auto candidates = [this] {
    return std::accumulate(runs_.begin(), runs_.end(), std::size_t{0}, [](std::size_t sum, const active_run& r) {
      return r.over() ? sum : sum + r.es.constants().popsize;
    });
  };
  while (runs_.size() <= most_ahead && candidates() < 2 * objective_.concurrency()) {
    const std::optional<planned_run> next = ahead_.next();
    if (!next) return;
    try {
      runs_.push_back({*next, make_engine(*next)});
    } catch (...) {  // what `start` throws comes out when the run's turn has come, if it does
      may_begin_ahead_ = false;
      return;
    }
  }
}

engine session::make_engine(const planned_run& plan) const {
  if (!*how_.start) return {x0_, plan.sigma0, plan.settings};
  const std::vector<double> from = (*how_.start)(plan.index);
  if (from.size() != x0_.size())
    throw std::invalid_argument("cma: minimize_options::start returned " + std::to_string(from.size()) +
                                " numbers for run " + std::to_string(plan.index) + "; it must return " +
                                std::to_string(x0_.size()) + ", as many as x0 has");
  return {from, plan.sigma0, plan.settings};
}

void session::run_front_asynchronously() {
  active_run& r = runs_.front();
  const auto told = [&](std::span<const double> values) {
    r.beyond = false;
    show_generation(r, values);
    save_if_due();
    return !stop_ && !r.es.stop();
  };
  const auto abandoned = [this] {
    if (!interrupted()) return false;
    save(ends_by_signal);  // now, as the evaluations under way may take long to end
    return true;
  };
  run_asynchronously(r.es, objective_, how_, told, abandoned, r.last_failure);
}

void session::run_generation() {
  xs_.clear();
  for (active_run& r : runs_)
    if (!r.over()) std::ranges::copy(r.es.ask(), std::back_inserter(xs_));
  values_.resize(xs_.size() / x0_.size());
  const auto failed = objective_.evaluate(xs_, values_, watch_ ? interrupt_watch::flag() : never);
  if (interrupted()) return;

  std::size_t first = 0;
  for (active_run& r : runs_) {
    if (r.over()) continue;
    const std::size_t count = r.es.ask().size() / x0_.size();
    const auto mine = [&](std::size_t end) {
      return std::ranges::lower_bound(failed, end, {}, &failed_evaluation::index) - failed.begin();
    };
    const std::span here(failed.begin() + mine(first), failed.begin() + mine(first + count));
    tell(r, std::span(values_).subspan(first, count), here);
    first += count;
  }
  save_if_due();
}

// An evaluation that threw has no value, and goes by the policy; but when all of a generation did, and all that replaced
// them, something else is wrong than the candidates.
void session::tell(active_run& r, std::span<const double> values, std::span<const failed_evaluation> failed) {
  const failure_policy policy = r.es.settings().on_failure;
  r.threw_in_a_row = failed.size() == values.size() ? r.threw_in_a_row + failed.size() : 0;
  const std::size_t all =
      r.es.constants().popsize + (policy == failure_policy::resample ? std::size_t{most_replacements} : 0);
  const bool rethrow = policy == failure_policy::stop || (failed.size() == values.size() && r.threw_in_a_row >= all);
  if (!failed.empty()) r.last_failure = failed.back().what;
  if (!failed.empty() && rethrow) {
    r.failure = failed.front().what;
    return;
  }
  const std::int64_t before = r.es.iterations();
  r.es.tell(values);
  r.beyond = false;
  if (r.es.iterations() != before) show_generation(r, values);
}

void session::show_generation(active_run& r, std::span<const double> values) {
  if (!observer_->on()) return;
  generation_record g = observer_->record(r.es, values);
  if (&r != &runs_.front()) {
    r.unseen.push_back(std::move(g));
  } else if (show(std::move(g))) {
    if (watch_) save(ends);  // before: whoever goes on from there does not want to stop again
    r.es.request_stop("the callback asked for it");
    stop_ = true;
  }
}

bool session::show(generation_record g) {
  const bool stop = observer_->show(g, before_);
  g.iterations += before_.iterations;
  g.evaluations += before_.evaluations;
  g.best_f = std::min(g.best_f, before_.best_f);
  last_ = std::move(g);
  return stop;
}

// The first run is over: it counts, and the turn of the next has come, unless the search is over with it.
void session::finish_front() {
  if (watch_ && !stop_) save(interrupted() ? ends_by_signal : ends);
  if (interrupted()) {
    runs_.front().es.request_stop("SIGTERM");
    stop_ = true;
  }
  const active_run r = std::move(runs_.front());
  runs_.pop_front();
  if (r.failure != nullptr) std::rethrow_exception(r.failure);
  keep_if_better(r.es);
  if (r.last_failure != nullptr) best_.last_failure = r.last_failure;
  best_.stop = r.es.stop();
  plan_.finished(r.plan, r.es.evaluations(), r.es.stop());
  ahead_.finished(r.plan, r.es.evaluations(), r.es.stop());
  finished_.push_back({r.es.evaluations(), {}});
  for (const stop_reason& why : r.es.stop()) finished_.back().stop.push_back(why.which);
  if (runs_.empty()) return;
  if (stop_ || !plan_.next()) return runs_.clear();
  for (generation_record& g : std::exchange(runs_.front().unseen, {})) static_cast<void>(show(std::move(g)));
}

void session::keep_if_better(const engine& es) {
  if (es.best_f() < best_.f || best_.x.empty()) {
    search_outcome better = outcome_of(es, before_);
    better.last_failure = best_.last_failure;
    best_ = std::move(better);
  }
  if (es.best_f() < before_.best_f) {
    before_.best_f = es.best_f();
    before_.best_x = numbers_of(es.best_x());
  }
  ++before_.runs;
  before_.iterations += es.iterations();
  before_.evaluations += es.evaluations();
  before_.failures += es.failures();
}

bool session::interrupted() { return watch_ && interrupt_watch::flag().load(std::memory_order_relaxed); }

search_outcome drive(std::span<const double> x0, double sigma0, const options& settings, evaluator& objective,
                     const minimize_options& how) {
  return session(x0, sigma0, settings, objective, how).run();
}

}  // namespace mobula::cma
