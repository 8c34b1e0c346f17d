#include "cma/population.hpp"

#include <algorithm>
#include <cmath>

#include "cma/normal_sampler.hpp"

namespace mobula::cma {
namespace {

using eigen::Index;

Index index(std::size_t k) { return static_cast<Index>(k); }

// How many of a generation are mirrored: the option itself, or below 0.5 its share.
std::size_t mirror_count(const options& settings) {
  const double wanted = settings.mirrors < 0.5 ? settings.mirrors * settings.popsize : settings.mirrors;
  return static_cast<std::size_t>(wanted + 0.5);
}

}  // namespace

population::population(const coordinates& space, const options& settings)
    : space_(space),
      seed_(settings.seed),
      mirrors_(mirror_count(settings)),
      method_(settings.mirrormethod),
      directions_(matrix::Zero(index(space.dimension()), index(method_ == mirror_method::selective ? mirrors_ : 0))),
      scratch_y_(vector::Zero(index(space.dimension()))),
      scratch_z_(scratch_y_),
      scratch_u_(scratch_y_) {
  reserve(static_cast<std::size_t>(settings.popsize) + (settings.elitist ? 1 : 0));
}

void population::reserve(std::size_t columns) {
  const auto had = static_cast<std::size_t>(z_.cols());
  if (columns <= had) return;
  const Index wanted = index(std::max(columns, had + had / 2));
  const Index n = index(space_.dimension());
  for (matrix* m : {&z_, &y_, &x_}) m->conservativeResize(n, wanted);
  if (!space_.is_identity()) shown_.conservativeResize(index(space_.full_dimension()), wanted);
  squared_length_.conservativeResize(wanted);
  origins_.resize(static_cast<std::size_t>(wanted));
  partners_.resize(static_cast<std::size_t>(wanted));
  ids_.resize(static_cast<std::size_t>(wanted));
}

void population::draw_generation(search_state& s, const parameters& p, std::size_t count) {
  const std::size_t numbers = std::min(waiting_.size(), count * space_.full_dimension());
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(numbers);
  injected_.assign(waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
  draw_columns(s, p, count);
}

void population::draw_columns(search_state& s, const parameters& p, std::size_t count) {
  s.decompose_if_due(p);
  reserve(count);
  size_ = count;
  next_id_ = count;
  for (std::size_t k = 0; k < count; ++k) start_column(k, k);
  const std::size_t first = injected_.size() / space_.full_dimension();
  for (std::size_t k = first; k < count; ++k) {  // equation 38
    standard_normals({seed_, static_cast<std::uint64_t>(s.generation), k}, {z_.col(index(k)).data(), p.dimension});
  }
  mirror_columns(s, first, count);
  finish_columns(s, first, count - first);
  place_injected(s);
}

void population::clear() noexcept {
  size_ = 0;
  injected_.clear();
}

std::size_t population::draw(const search_state& s) {
  reserve(size_ + 1);
  ++size_;
  start_column(size_ - 1, 0);
  draw_again(s, size_ - 1);
  return size_ - 1;
}

void population::draw_again(const search_state& s, std::size_t k) {
  partners_[partners_[k]] = partners_[k];
  start_column(k, next_id_++);
  standard_normals({seed_, static_cast<std::uint64_t>(s.generation), ids_[k]},
                   {z_.col(index(k)).data(), space_.dimension()});
  finish_columns(s, k, 1);
}

void population::start_column(std::size_t k, std::uint64_t id) {
  ids_[k] = id;
  origins_[k] = origin::drawn;
  partners_[k] = k;
}

// Mirrors some columns of fresh normals (Auger, Brockhoff & Hansen, "Mirrored sampling in evolution strategies with
// weighted recombination", GECCO 2011): the last of the generation become -z of the first, or the first become the
// opposite of what was worst in the generation before. A mirrored step has the length that was drawn, but as with pycma
// the opposite of a bad one stays short if it is.
void population::mirror_columns(const search_state& s, std::size_t first, std::size_t count) {
  const auto turn = [this](std::size_t k, const auto& direction, double shortest) {
    const double length = direction.norm();
    const double wanted = length > shortest ? z_.col(index(k)).norm() : length;
    if (length > 0) z_.col(index(k)) = direction * (-wanted / length);
    origins_[k] = origin::mirrored;
  };
  if (method_ == mirror_method::unconditional) {
    for (std::size_t j = 0; j < mirrors_ && 2 * (first + j) + 1 < count + first; ++j) {
      const std::size_t from = first + j;
      const std::size_t to = count - 1 - j;
      turn(to, z_.col(index(from)), 0);
      partners_[from] = to;
      partners_[to] = from;
    }
  } else {
    for (std::size_t j = 0; j < directed_ && first + j < count; ++j) {
      scratch_y_ = directions_.col(index(j)).cwiseQuotient(s.sigma * s.scale);
      s.C->whiten(scratch_y_, scratch_z_);
      turn(first + j, scratch_z_, std::sqrt(static_cast<double>(space_.dimension())));
    }
  }
}

void population::finish_columns(const search_state& s, std::size_t first, std::size_t count) {
  if (count == 0) return;
  const auto z = z_.middleCols(index(first), index(count));
  squared_length_.segment(index(first), index(count)) = z.colwise().squaredNorm();
  s.C->transform(z, y_.middleCols(index(first), index(count)));  // equation 39
  scratch_u_ = s.sigma * s.scale;
  auto x = x_.middleCols(index(first), index(count));
  x.noalias() = (scratch_u_.asDiagonal() * y_.middleCols(index(first), index(count)));  // equation 40
  x.colwise() += s.mean;
  for (std::size_t k = first; k < first + count; ++k) show(k);
}

void population::show(std::size_t k) {
  if (!space_.is_identity()) space_.to_x(x_.col(index(k)).data(), shown_.col(index(k)).data());
}

std::size_t population::add(const search_state& s, const vector& u, std::span<const double> x) {
  reserve(size_ + 1);
  ++size_;
  start_column(size_ - 1, 0);
  place(s, size_ - 1, u, x);
  return size_ - 1;
}

// Hansen, "Injecting external solutions into CMA-ES" (arXiv:1110.4181): the step y of a solution from outside is
// shortened so that || C^(-1/2) y || is c_y = sqrt(n) + 2 n / (n + 2) at most.
void population::place(const search_state& s, std::size_t k, const vector& u, std::span<const double> x) {
  const double n = static_cast<double>(space_.dimension());
  const double longest = std::sqrt(n) + 2 * n / (n + 2);
  scratch_y_ = (u - s.mean).cwiseQuotient(s.sigma * s.scale);
  s.C->whiten(scratch_y_, scratch_z_);
  const double shorter = std::min(1.0, longest / scratch_z_.norm());
  z_.col(index(k)) = shorter * scratch_z_;
  y_.col(index(k)) = shorter * scratch_y_;
  x_.col(index(k)) = u;
  squared_length_[index(k)] = z_.col(index(k)).squaredNorm();
  origins_[k] = origin::injected;
  // What comes back through bounds and units may differ in its last digits; the solution is evaluated as it was given.
  if (!space_.is_identity()) std::copy(x.begin(), x.end(), shown_.col(index(k)).data());
}

void population::place_injected(const search_state& s) {
  const std::size_t n = space_.full_dimension();
  for (std::size_t k = 0; k * n < injected_.size(); ++k) {
    const std::span<const double> x(injected_.data() + k * n, n);
    space_.to_u(x, scratch_u_);
    place(s, k, scratch_u_, x);
  }
}

void population::mirror(const search_state& s, std::span<const std::uint32_t> ranked) {
  directed_ = 0;
  if (method_ != mirror_method::selective) return;
  // The last so many ranks, and of few solutions only the worse half: the opposite of a good one leads astray.
  const std::size_t first = std::max(ranked.size() - std::min(mirrors_, ranked.size()), (ranked.size() + 1) / 2);
  for (std::size_t rank = ranked.size(); rank-- > first;) {
    if (origins_[ranked[rank]] == origin::mirrored) continue;  // or it would go back and forth
    directions_.col(index(directed_++)) = s.sigma * s.scale.cwiseProduct(y_.col(index(ranked[rank])));
  }
}

const double* population::points() const noexcept { return space_.is_identity() ? x_.data() : shown_.data(); }

std::span<const double> population::point(std::size_t k) const noexcept {
  const std::size_t n = space_.full_dimension();
  return {points() + k * n, n};
}

std::size_t population::find(std::span<const double> x, std::size_t hint) const noexcept {
  for (std::size_t tried = 0; tried < size_; ++tried) {
    const std::size_t k = (hint + tried) % size_;
    const std::span<const double> known = point(k);
    if (known.front() == x.front() && std::equal(x.begin(), x.end(), known.begin())) return k;
  }
  return size_;
}

// Solutions from outside: n finite numbers each, within their bounds.
void population::check_points(const std::vector<double>& points) {
  const std::size_t n = space_.full_dimension();
  archive::require(points.size() % n == 0, "an injected solution is cut off");
  archive::require(std::ranges::all_of(points, [](double v) { return std::isfinite(v); }),
                   "an injected solution is not finite");
  for (std::size_t i = 0; i < points.size(); i += n) space_.to_u(std::span(points).subspan(i, n), scratch_u_);
}

void population::pass(archive& a, search_state& s, const parameters& p, std::size_t count) {
  std::vector<std::uint64_t> ids(ids_.begin(), ids_.begin() + static_cast<std::ptrdiff_t>(size_));
  a(waiting_, injected_, directions_, directed_, ids);
  if (!a.loading()) return;
  check_points(waiting_);
  check_points(injected_);
  archive::require(directions_.allFinite() && directed_ <= static_cast<std::size_t>(directions_.cols()),
                   "there are more directions to mirror than mirrors");
  archive::require(ids.empty() ? injected_.empty() : ids.size() >= count, "candidates of the generation are missing");
  archive::require(injected_.size() <= count * space_.full_dimension(), "more is injected than a generation has");
  for (std::size_t k = 0; k < ids.size(); ++k)
    archive::require((k < count && ids[k] == k) || ids[k] >= count, "a candidate is drawn as another one");
  if (!ids.empty()) draw_as(ids, s, p, count);
}

// What was drawn one by one later is drawn in the same way and order, so that it is rounded alike.
void population::draw_as(std::span<const std::uint64_t> ids, search_state& s, const parameters& p, std::size_t count) {
  draw_columns(s, p, count);
  for (std::size_t k = 0; k < ids.size(); ++k) {
    if (k >= count) draw(s);
    if (ids[k] == ids_[k]) continue;
    next_id_ = ids[k];
    draw_again(s, k);
  }
  next_id_ = std::max(next_id_, 1 + *std::max_element(ids.begin(), ids.end()));
}

}  // namespace mobula::cma
