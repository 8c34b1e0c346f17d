// The checkpoint of a session: that of the engine of its first run, as `optimizer::resume` reads it too, and behind it
// what the runs before have come to.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include "cma/archive.hpp"
#include "cma/checkpoint_file.hpp"
#include "cma/file_names.hpp"
#include "cma/number_text.hpp"
#include "cma/output_file.hpp"
#include "cma/session.hpp"
#include "cma/settings.hpp"

namespace mobula::cma {
namespace {

constexpr std::chrono::seconds pause_between{10};

// Both ways: to a file and from it.
void pass(archive& a, search_outcome& best) {
  a(best.x, best.f, best.best_evaluation, best.best_iteration, best.mean, best.sigma, best.stds);
}
void pass(archive& a, earlier_runs& before) {
  a(before.runs, before.iterations, before.evaluations, before.failures, before.seconds, before.best_f, before.best_x);
}

// Whether all criteria that fired are limits, and none is reached any more.
bool are_lifted(const engine& es) {
  const options& now = es.settings();
  return std::ranges::all_of(es.stop(), [&](const stop_reason& why) {
    switch (why.which) {
      case criterion::ftarget: return !(es.best_f() <= now.ftarget);
      case criterion::maxfevals: return static_cast<double>(es.evaluations()) < now.maxfevals;
      case criterion::maxiter: return static_cast<double>(es.iterations()) < now.maxiter;
      case criterion::timeout: return why.value < now.timeout.count();
      default: return false;
    }
  });
}

// What the runs before the first one under way have come to: `runs` of `n` variables, with so many evaluations.
void check(const search_outcome& best, const earlier_runs& before, const std::vector<finished_run>& runs,
           std::size_t n) {
  std::int64_t evaluations = 0;
  for (const finished_run& run : runs) {
    if (evaluations <= before.evaluations) evaluations += run.evaluations;
  }
  archive::require(before.runs == runs.size() && before.evaluations == evaluations,
                   "the runs before are not those that it tells of");
  const auto is_point = [&](const std::vector<double>& x, bool there) {
    return x.size() == (there ? n : 0) && std::ranges::all_of(x, [](double v) { return std::isfinite(v); });
  };
  archive::require(is_point(before.best_x, std::isfinite(before.best_f)), "the best solution of all runs is none");
  archive::require(is_point(best.x, !runs.empty()) && is_point(best.mean, !runs.empty()) &&
                       is_point(best.stds, !runs.empty()) && best.f == before.best_f && best.sigma >= 0 &&
                       std::isfinite(best.sigma),
                   "what the best run has found is none");
  archive::require(before.failures <= before.evaluations && before.seconds >= 0 && std::isfinite(before.seconds),
                   "the failures or the time of all runs are none");
  archive::require(best.best_evaluation <= before.evaluations && best.best_iteration <= before.iterations + 1,
                   "the best solution of all runs is of an evaluation that has not been");
}

}  // namespace

void finished_run::pass(archive& a) {
  a(evaluations);
  const std::uint64_t size = a.length(stop.size());
  archive::require(size <= criterion_count, "more criteria have ended a run than there are");
  stop.resize(size);
  for (criterion& which : stop) a.choice(which, criterion::callback);
  archive::require(std::ranges::adjacent_find(stop, std::greater_equal()) == stop.end(),
                   "a criterion ended a run twice");
}

void session::save_if_due() {
  if (watch_ && std::chrono::steady_clock::now() - saved_ >= pause_between)
    save("the search goes on, and tries again in ten seconds");
}

std::string session::state() const {
  std::ostringstream out;
  runs_.front().es.save(out);
  archive a;
  std::vector<finished_run> finished = finished_;
  earlier_runs before = before_;
  before.seconds = plan_.elapsed().count();
  search_outcome best = best_;
  a(finished);
  pass(a, before);
  pass(a, best);
  a.write(out);
  return std::move(out).str();
}

void session::save(const char* then) {
  try {
    replace_file("the checkpoint", how_.checkpoint, state());
    checkpoint_trouble_.over();
  } catch (const std::system_error& e) { checkpoint_trouble_.tell(e.what(), then); }
  saved_ = std::chrono::steady_clock::now();
}

// At the start nothing is lost by an error, and what is there may still be of use.
void session::try_to_save() const {
  make_folder_of(how_.checkpoint);
  try_to_replace_file("the checkpoint", how_.checkpoint, state());
}

void session::resume() {
  std::ifstream in = open_checkpoint(how_.checkpoint);
  if (!in.is_open()) return;
  const std::string file = shown(how_.checkpoint);
  engine es = engine::resume(in, file);
  resumed(" from " + file, [&] {
    archive a(in);
    a(finished_);
    pass(a, before_);
    pass(a, best_);
    a.require_end();
    archive::require(in.peek() == std::ifstream::traits_type::eof(), "there is something behind its end");
    if (es.dimension() != x0_.size())
      throw unreadable("it is of " + std::to_string(es.dimension()) + " variables, and x0 has " +
                       std::to_string(x0_.size()));
    check(best_, before_, finished_, x0_.size());
    replay(std::move(es));
  });
}

// Plans the runs that were, and puts `es` in its place.
void session::replay(engine es) {
  std::optional<planned_run> front = plan_.next();
  for (const finished_run& f : finished_) {
    stop_reasons why;
    for (const criterion which : f.stop) why.add({which, 0, 0});
    if (!front) break;
    plan_.finished(*front, f.evaluations, why);
    front = plan_.next();
  }
  if (!front) throw unreadable("its search had more runs than these restarts and maxfevals allow");
  const auto same = [](const std::string& option, const std::string& here, const std::string& there) {
    if (here != there)
      throw unreadable("it is of a search with " + option + " " + there + ", and this one has " + here +
                       ": give the options that it was begun with");
  };
  same("popsize", number_text(front->settings.popsize), number_text(es.settings().popsize));
  same("seed", std::to_string(front->settings.seed), std::to_string(es.settings().seed));
  if (const char* const other = first_difference(front->settings, es.settings()))
    throw unreadable(std::string("it is of a search with other ") + other +
                     " than this one: give the options that it was begun with");
  resume_time(*front, es);
  es.set_criteria(front->settings);
  runs_.push_back({*front, std::move(es)});
  runs_.back().beyond = are_lifted(runs_.back().es);
  ahead_ = plan_;
}

// The search has taken `before_.seconds`, of which its first run knows its own share.
void session::resume_time(planned_run& front, const engine& es) {
  const std::chrono::duration<double> begun(before_.seconds - es.seconds());
  front.settings.timeout = std::max(settings_.timeout - begun, std::chrono::duration<double>::zero());
  plan_.add_time(std::chrono::duration<double>(before_.seconds));
}

}  // namespace mobula::cma
