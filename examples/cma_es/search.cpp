#include "search.hpp"

#include "progress.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace cma = mobula::cma;

namespace {

bool same_bits(void const* a, void const* b, std::size_t size) { return std::memcmp(a, b, size) == 0; }

history search(problem const& p, progress& shown, evaluation const& evaluate) {
  using clock = std::chrono::steady_clock;
  history h;
  h.generations.reserve(p.generations);
  auto const start = clock::now();
  auto const elapsed = [start] { return std::chrono::duration<double>(clock::now() - start).count(); };

  cma::optimizer es(Eigen::VectorXd::Zero(static_cast<Eigen::Index>(p.dimension)), p.sigma0,
                    {.popsize = p.popsize, .seed = 1});
  for (std::size_t g = 1; g <= p.generations; ++g) {
    std::vector<double> const values = evaluate(es.ask());
    es.tell(values);
    auto const [min, max] = std::ranges::minmax(values);
    h.generations.push_back({min, max});
    shown.at(g, min, max, elapsed());
  }

  h.seconds = elapsed();
  cma::result const best = es.result();
  h.best = best.x;
  h.best_value = best.f;
  shown.done(best.f, static_cast<std::size_t>(best.evaluations), h.seconds);
  return h;
}

}  // namespace

history search(problem const& p, std::string const& title, evaluation const& evaluate) {
  progress shown(title, p.generations);
  return search(p, shown, evaluate);
}

void repeat(problem const& p, history& a, evaluation const& evaluate_a, history& b, evaluation const& evaluate_b) {
  progress unseen;
  for (int i = 0; i < 20; ++i) {
    a.seconds = std::min(a.seconds, search(p, unseen, evaluate_a).seconds);
    b.seconds = std::min(b.seconds, search(p, unseen, evaluate_b).seconds);
  }
}

bool identical(history const& a, history const& b) {
  std::size_t const common = std::min(a.generations.size(), b.generations.size());
  if (!same_bits(a.generations.data(), b.generations.data(), common * sizeof(extremes))) return false;
  if (a.generations.size() != b.generations.size()) return true;
  return a.best.size() == b.best.size() &&
         same_bits(a.best.data(), b.best.data(), static_cast<std::size_t>(a.best.size()) * sizeof(double)) &&
         same_bits(&a.best_value, &b.best_value, sizeof(double));
}
