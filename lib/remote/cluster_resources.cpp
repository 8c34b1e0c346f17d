#include <mobula/core/submission_hold.hpp>
#include <mobula/remote/cluster_resources.hpp>
#include <mobula/remote/resource_book.hpp>

namespace mobula {

std::map<std::string, double> cluster_resources() { return detail::book_of(*detail::submission_hold()).all(); }

std::map<std::string, double> available_resources() { return detail::book_of(*detail::submission_hold()).available(); }

}  // namespace mobula
