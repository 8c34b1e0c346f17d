// Fits a curve to the points of a file, x,y in each line, by least squares, and says how sure its parameters are.
//
//     fit_curve [data.csv [--model line|power|decay|saturation|logistic]]
//
// Without arguments: how much volume dental researchers (Misra, NIST, 1978) saw adsorbed at a pressure, by a saturation.

#include <mobula/cma/minimize.hpp>
#include <mobula/mobula.hpp>

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace mb = mobula;
namespace cma = mobula::cma;
using Eigen::VectorXd;

namespace {

struct points {
  VectorXd x, y;
};

points read(std::string const& file) {
  std::ifstream in(file);
  std::vector<double> x, y;
  for (std::string line; std::getline(in, line);) {
    double a = 0, b = 0;
    if (std::sscanf(line.c_str(), "%lf ,%lf", &a, &b) != 2) continue;
    x.push_back(a);
    y.push_back(b);
  }
  if (x.empty()) throw std::runtime_error(file + " has no line that reads x,y");
  auto const size = static_cast<Eigen::Index>(x.size());
  return {VectorXd::Map(x.data(), size), VectorXd::Map(y.data(), size)};
}

constexpr double any = std::numeric_limits<double>::infinity();

// A curve whose parameters are searched from `start` on, for data scaled so that the largest |x| and |y| are 1.
struct model {
  std::string name, formula;
  std::vector<double> start, lower, upper;
  double (*f)(double x, VectorXd const& p);
  std::vector<VectorXd (*)(double, double)> unscale = {};
};
