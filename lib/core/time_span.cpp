#include <mobula/core/error.hpp>
#include <mobula/core/time_span.hpp>

namespace mobula::detail {

void throw_no_duration() { throw error("mobula: a time limit is not a number (NaN): give a duration, or none"); }

}  // namespace mobula::detail
