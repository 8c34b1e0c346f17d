#pragma once

#include <mobula/cma/optimizer.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

/// What is searched, and for how long.
struct problem {
  std::size_t dimension = 30;
  std::size_t popsize = 500;
  std::size_t generations = 200;
  double sigma0 = 0.1;
};

/// The least and the largest value of one generation.
struct extremes {
  double min;
  double max;
};

/// How a search went.
struct history {
  std::vector<extremes> generations;
  Eigen::VectorXd best;
  double best_value = 0;
  double seconds = 0;
};

/// Gives the value of each candidate of a generation, in order.
using evaluation = std::function<std::vector<double>(mobula::cma::generation const&)>;

/// Searches from x0 = 0, showing under `title` how far it is. The evaluation is all in which the searches differ.
history search(problem const& p, std::string const& title, evaluation const& evaluate);

/// Two searches that take so little time that the machine's other work shows: repeats them in turn, and sets the time of
/// each to its shortest.
void repeat(problem const& p, history& a, evaluation const& evaluate_a, history& b, evaluation const& evaluate_b);

/// Tells whether two searches went the same way, bit for bit, as far as both went; to the same solution, if equally far.
bool identical(history const& a, history const& b);
