// Fits a curve to points by least squares, and says how sure its parameters are.
//
//     fit_curve [data.csv --model line|power|decay|saturation|logistic]     a line of the file reads x,y
//
// Without arguments: how much gas is adsorbed at a pressure (Misra, NIST, 1978), by a saturation. NIST certifies
// a = 238.94212918 +- 2.7070075241 and b = 5.5015643181e-4 +- 7.2668688436e-6.
#include <mobula/cma/minimize.hpp>
#include <mobula/mobula.hpp>

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace cma = mobula::cma;
using Eigen::ArrayXd;
using Eigen::VectorXd;

namespace {

struct points {
  ArrayXd x, y;
};

points read(std::string const& file) {
  std::ifstream in(file);
  std::vector<double> x, y;
  for (std::string line; std::getline(in, line);) {
    double a = 0, b = 0;
    if (std::sscanf(line.c_str(), "%lf ,%lf", &a, &b) != 2) continue;  // a heading
    x.push_back(a);
    y.push_back(b);
  }
  if (x.size() < 4) throw std::runtime_error(file + " must have at least four lines that read x,y");
  auto const array = [](auto const& v) { return ArrayXd::Map(v.data(), static_cast<Eigen::Index>(v.size())); };
  return {array(x), array(y)};
}

constexpr double any = std::numeric_limits<double>::infinity();
struct parameter {
  double least, greatest;
  double (*guess)(double x, double y);  // where to start, given how large x and y are
};
constexpr parameter height{-any, any, [](double, double y) { return y; }};
constexpr parameter slope{-any, any, [](double x, double y) { return y / x; }};
constexpr parameter rate{0, any, [](double x, double) { return 1 / x; }};
constexpr parameter place{-any, any, [](double x, double) { return x; }};
constexpr parameter exponent{-10, 10, [](double, double) { return 1.0; }};

struct model {
  std::string name, formula;
  ArrayXd (*f)(ArrayXd const& x, VectorXd const& p);
  std::vector<parameter> parameters;
};
ArrayXd line(ArrayXd const& x, VectorXd const& p) { return p[0] + p[1] * x; }
ArrayXd power(ArrayXd const& x, VectorXd const& p) { return p[0] * x.pow(p[1]); }
ArrayXd decay(ArrayXd const& x, VectorXd const& p) { return p[0] * (-p[1] * x).exp(); }
ArrayXd saturation(ArrayXd const& x, VectorXd const& p) { return -p[0] * (-p[1] * x).expm1(); }
ArrayXd logistic(ArrayXd const& x, VectorXd const& p) { return p[0] / (1 + (-p[1] * (x - p[2])).exp()); }
std::vector<model> const models{{"line", "a + b x", line, {height, slope}},
                                {"power", "a x^b", power, {height, exponent}},
                                {"decay", "a exp(-b x)", decay, {height, rate}},
                                {"saturation", "a (1 - exp(-b x))", saturation, {height, rate}},
                                {"logistic", "a / (1 + exp(-b (x - c)))", logistic, {height, rate, place}}};

// The diagonal of s^2 (J^T J)^-1, with s^2 the variance of the residuals and J the derivatives of the curve.
VectorXd standard_errors(model const& m, points const& data, cma::result const& best) {
  Eigen::MatrixXd j(data.x.size(), best.x.size());
  for (Eigen::Index k = 0; k < best.x.size(); ++k) {
    double const h = 1e-6 * std::max(std::abs(best.x[k]), 1e-300);
    VectorXd const step = h * VectorXd::Unit(best.x.size(), k);
    j.col(k) = (m.f(data.x, best.x + step) - m.f(data.x, best.x - step)) / (2 * h);
  }
  double const s2 = best.f / static_cast<double>(j.rows() - j.cols());
  return (s2 * (j.transpose() * j).inverse().diagonal()).cwiseSqrt();
}

void fit(std::string const& file, std::string const& name) {
  auto const m = std::ranges::find(models, name, &model::name);
  if (m == models.end()) throw std::invalid_argument("there is no model '" + name + "'");
  points const data = read(file);
  std::vector<double> start, least, greatest;
  for (parameter const& p : m->parameters) {
    start.push_back(p.guess(data.x.abs().maxCoeff(), data.y.abs().maxCoeff()));
    least.push_back(p.least);
    greatest.push_back(p.greatest);
  }
  cma::options how;
  how.bounds = {.lower = least, .upper = greatest};
  how.scaling_of_variables = start;  // each is searched in a unit of its size
  auto const sum_of_squares = [&](VectorXd const& p) { return (data.y - m->f(data.x, p)).square().sum(); };
  cma::result const best = cma::minimize(sum_of_squares, start, 0.3, how);

  VectorXd const errors = standard_errors(*m, data, best);
  std::printf("%s: y = %s, by %td points\n", m->name.c_str(), m->formula.c_str(), data.x.size());
  for (Eigen::Index k = 0; k < best.x.size(); ++k)
    std::printf("  %c = %.8g +- %.5g\n", static_cast<char>('a' + k), best.x[k], errors[k]);
  std::printf("sum of squared residuals %.8g\n", best.f);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 1 && (argc != 4 || std::string(argv[2]) != "--model"))
    throw std::invalid_argument("usage: fit_curve data.csv --model line|power|decay|saturation|logistic");
  mobula::runtime const ray;
  argc == 1 ? fit(MOBULA_EXAMPLE_DATA "/misra1a.csv", "saturation") : fit(argv[1], argv[3]);
} catch (std::exception const& e) {
  std::fprintf(stderr, "fit_curve: %s\n", e.what());
  return 1;
}
