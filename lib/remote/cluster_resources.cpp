#include <mobula/remote/cluster_resources.hpp>
#include <mobula/remote/resource_book.hpp>

namespace mobula {

std::map<std::string, double> cluster_resources() { return detail::book_of(detail::current_scheduler()).all(); }

std::map<std::string, double> available_resources() { return detail::book_of(detail::current_scheduler()).available(); }

}  // namespace mobula
