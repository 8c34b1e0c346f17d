#include "mobula/cma/drive.hpp"

#include <exception>
#include <span>

#include "cma/run_observer.hpp"

namespace mobula::cma {
namespace {

// One that throws has no value, which goes by the policy; but when all do, something else is wrong.
void check(const failed_evaluations& failed, std::size_t count, bool policy_is_stop) {
  if (failed.count != 0 && (policy_is_stop || failed.count == count)) std::rethrow_exception(failed.first);
}

void drive_generations(engine& es, evaluator& objective, run_observer& observer) {
  const std::span<double> values = es.value_buffer();
  bool stop = false;
  while (!stop && !es.stop()) {
    check(objective.evaluate(es.ask(), values, true), values.size(), false);
    es.tell(values);
    stop = observer.generation(es, values);
  }
}

}  // namespace

void drive(engine& es, evaluator& objective, const minimize_options& how) {
  run_observer observer(how, es);
  drive_generations(es, objective, observer);
  observer.finish(es);
}

}  // namespace mobula::cma
