// What the compiler says of objectives, starts and values that the CMA-ES can't work with.

#include <mobula/cma/minimize.hpp>

#include <complex>
#include <string>
#include <vector>

namespace cma = mobula::cma;
namespace mb = mobula;

using numbers = std::vector<double>;
double cost(const Eigen::VectorXd&);
double overloaded(const Eigen::VectorXd&);
double overloaded(int);
struct simulator {
  void run(const Eigen::VectorXd&);
  double cost(int);
};
using simulators = mb::actor_pool<simulator>;

// says: cma::minimize: the function comes first: minimize(f, x0, sigma0)
auto swapped(numbers x0) { return cma::minimize(x0, cost, 0.5); }

// says: cma::minimize: the function must return its value
auto without_value(numbers x0) {
  return cma::minimize([](const Eigen::VectorXd&) {}, x0, 0.5);
}

// says: cma::minimize: the function must return its value: a number that converts to double
auto complex_value(numbers x0) {
  return cma::minimize([](const Eigen::VectorXd&) { return std::complex<double>(); }, x0, 0.5);
}

// says: cma::minimize: the function must return its value
auto future_of_value(numbers x0) {
  return cma::minimize([](const Eigen::VectorXd&) { return mb::future<double>(); }, x0, 0.5);
}

// says: cma::minimize: the function can't take a candidate. It must accept an Eigen vector
auto of_a_number(numbers x0) {
  return cma::minimize([](double x) { return x; }, x0, 0.5);
}

// says: cma::minimize: the function can't take a candidate
mb::task<double> in_a_coroutine(numbers x0) {
  const cma::result best = co_await cma::async_minimize([](std::string) { return 1.0; }, x0, 0.5);
  co_return best.f;
}

// says first: several functions have this name, or it is a template: choose one, mb::overload<R(Args...)>(f)
auto overloaded_name(numbers x0) { return cma::minimize(overloaded, x0, 0.5); }

// says: cma::minimize: x0 must be a std::vector<double>
auto start_at_number() { return cma::minimize(cost, 5, 0.5); }

// says: cma::minimize: x0 must be a std::vector<double>
auto start_at_integers(std::vector<int> x0) { return cma::minimize(cost, x0, 0.5); }

// says: cma::batch_objective: the function can't take a generation
auto batch_of_number(numbers x0) {
  return cma::minimize(cma::batch_objective([](int) { return numbers(); }), x0, 0.5);
}

// says: cma::batch_objective: the function must return a range of numbers, one for each candidate
auto batch_with_one_value(numbers x0) {
  return cma::minimize(cma::batch_objective([](const cma::generation&) { return 1.0; }), x0, 0.5);
}

// says: cma::minimize: the function must return its value
auto pool_without_value(const simulators& p, numbers x0) {
  return cma::minimize(cma::pool_objective<&simulator::run>(p), x0, 0.5);
}

// says: cma::minimize: the function can't take a candidate
auto pool_of_number(const simulators& p, numbers x0) {
  return cma::minimize(cma::pool_objective<&simulator::cost>(p), x0, 0.5);
}

// says: cma::optimizer: x0 must be a std::vector<double>
auto optimizer_at_number() { return cma::optimizer(5, 0.5); }

// says: cma: tell takes a range of numbers, one for each candidate
void tell_number(cma::optimizer& es) { es.tell(5); }

// says: cma: tell takes a range of numbers, one for each candidate
void tell_words(cma::optimizer& es, std::vector<std::string> words) { es.tell(words); }

// says: cma: tell takes a range of numbers, one for each candidate
void tell_of_function(cma::optimizer& es) { es.tell(es.ask(), cost); }
