#include "mobula/cma/engine.hpp"

#include <algorithm>
#include <utility>

#include "cma/search.hpp"
#include "cma/settings.hpp"

namespace mobula::cma {
namespace {

std::span<const double> numbers(const vector& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }

}  // namespace

engine::engine(std::span<const double> x0, double sigma0, const options& settings)
    : impl_(std::make_unique<impl>(x0, sigma0, settings)) {}
engine::engine(std::unique_ptr<impl> state) noexcept : impl_(std::move(state)) {}
engine::~engine() = default;
engine::engine(engine&&) noexcept = default;
engine& engine::operator=(engine&&) noexcept = default;

std::span<const double> engine::ask() {
  impl_->ask();
  return impl_->asked_points();
}

std::span<const double> engine::ask_one() { return impl_->candidates.point(impl_->ask_one()); }

void engine::check_told(std::size_t count) const { impl_->check_told(count); }
void engine::tell(std::span<const double> values) { impl_->tell(values); }
void engine::tell(std::span<const double> xs, std::span<const double> values) { impl_->tell(xs, values); }

std::span<double> engine::value_buffer() noexcept {
  return std::span(impl_->told).first(impl_->asked ? impl_->waiting.size() : impl_->told.size());
}

void engine::inject(std::span<const double> x) { impl_->inject(x); }
void engine::request_stop(std::string why) { impl_->request_stop(std::move(why)); }
void engine::set_criteria(const options& settings) { impl_->set_criteria(settings); }

void engine::save(std::ostream& out) const {
  archive a;
  impl_->save(a);
  a.write(out);
}

engine engine::resume(std::istream& in, const std::string& from) {
  return resumed(from.empty() ? from : " from " + from, [&] {
    archive a(in);
    return engine(impl::resume(a));
  });
}

const stop_reasons& engine::stop() const noexcept { return impl_->reasons; }
const parameters& engine::constants() const noexcept { return impl_->p; }
const options& engine::settings() const noexcept { return impl_->settings; }
std::size_t engine::dimension() const noexcept { return impl_->space.full_dimension(); }
std::span<const double> engine::best_x() const noexcept { return numbers(impl_->best_x); }
double engine::best_f() const noexcept { return impl_->best_f; }
std::int64_t engine::best_evaluation() const noexcept { return impl_->best_evaluation; }
std::int64_t engine::best_iteration() const noexcept { return impl_->best_iteration; }
std::span<const double> engine::mean() const noexcept { return numbers(impl_->mean_x); }
double engine::sigma() const noexcept { return impl_->state.sigma; }
std::span<const double> engine::stds() const noexcept { return numbers(impl_->stds_x); }
std::int64_t engine::failures() const noexcept { return impl_->failures; }
double engine::seconds() const noexcept { return impl_->seconds(); }
std::int64_t engine::evaluations() const noexcept { return impl_->evaluations; }
std::int64_t engine::iterations() const noexcept { return impl_->state.generation; }
std::span<const double> engine::axis_lengths() const noexcept { return numbers(impl_->state.C->lengths()); }

void engine::write_covariance(std::span<double> out) const {
  const auto n = static_cast<eigen::Index>(impl_->space.dimension());
  matrix c = matrix::Zero(n, n);
  impl_->state.C->write(c);
  std::copy(c.data(), c.data() + c.size(), out.begin());
}

}  // namespace mobula::cma
