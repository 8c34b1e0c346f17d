#include "cma/checkpoint_file.hpp"

#include <cerrno>
#include <sstream>
#include <string>
#include <system_error>

#include "cma/archive.hpp"
#include "cma/file_names.hpp"
#include "cma/output_file.hpp"
#include "mobula/cma/engine.hpp"

namespace mobula::cma {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw checkpoint_error("cma: cannot resume from " + shown(file) + ": " + why);
}

}  // namespace

std::ifstream open_checkpoint(const std::filesystem::path& file) {
  std::error_code none;
  const std::filesystem::file_status status = std::filesystem::status(file, none);
  if (status.type() == std::filesystem::file_type::not_found) return {};
  if (!std::filesystem::status_known(status)) refuse(file, none.message());
  if (!std::filesystem::is_regular_file(status)) refuse(file, "it is no regular file");
  std::ifstream in(file, std::ios::binary);
  if (!in) refuse(file, std::generic_category().message(errno));
  return in;
}

void engine::save(const std::filesystem::path& file) const {
  std::ostringstream out;
  save(out);
  replace_file("the checkpoint", file, out.view());
}

engine engine::resume(const std::filesystem::path& file) {
  std::ifstream in = open_checkpoint(file);
  if (!in.is_open()) refuse(file, std::generic_category().message(ENOENT));
  engine es = resume(in, shown(file));
  const auto at_end = [&in] { return in.peek() == std::ifstream::traits_type::eof(); };
  if (at_end()) return es;
  return resumed(" from " + shown(file), [&] {
    const archive of_a_session(in);  // of `minimize`, which only its whole needs to understand
    archive::require(at_end(), "there is something behind its end");
    return std::move(es);
  });
}

}  // namespace mobula::cma
