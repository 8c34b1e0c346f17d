// The checkpoint of a session: that of the engine of its first run, as `optimizer::resume` reads it too, and behind it
// what the runs before have come to.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include "cma/archive.hpp"
#include "cma/output_file.hpp"
#include "cma/session.hpp"
#include "mobula/cma/checkpoint_error.hpp"

namespace mobula::cma {
namespace {

constexpr std::chrono::seconds pause_between{10};

// Both ways: to a file and from it.
void pass(archive& a, search_outcome& best) {
  a(best.x, best.f, best.best_evaluation, best.best_iteration, best.mean, best.sigma, best.stds);
}
void pass(archive& a, earlier_runs& before) {
  a(before.runs, before.iterations, before.evaluations, before.best_f, before.best_x);
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

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw checkpoint_error("cma: can't go on from " + file.string() + ": " + why);
}

}  // namespace

void finished_run::pass(archive& a) { a(evaluations, stop); }

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
  std::ifstream in(how_.checkpoint, std::ios::binary);
  if (!in) return;
  engine es = engine::resume(in);
  archive a(in);
  a(finished_);
  pass(a, before_);
  pass(a, best_);
  a.require_end();
  if (es.dimension() != x0_.size())
    refuse(how_.checkpoint,
           "it is of " + std::to_string(es.dimension()) + " variables, and x0 has " + std::to_string(x0_.size()));
  for (const finished_run& f : finished_) {
    stop_reasons why;
    for (const criterion which : f.stop) why.add({which, 0, 0});
    if (const std::optional<planned_run> run = plan_.next()) plan_.finished(*run, f.evaluations, why);
  }
  const std::optional<planned_run> front = plan_.next();
  if (!front || front->settings.popsize != es.settings().popsize || front->settings.seed != es.settings().seed)
    refuse(how_.checkpoint, "it is of a search with another popsize, seed or other restarts");
  es.set_criteria(front->settings);
  runs_.push_back({*front, std::move(es)});
  runs_.back().beyond = are_lifted(runs_.back().es);
  ahead_ = plan_;
}

}  // namespace mobula::cma
