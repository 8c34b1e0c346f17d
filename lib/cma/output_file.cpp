#include "cma/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "cma/file_names.hpp"

namespace mobula::cma {
namespace {

[[noreturn]] void throw_failure(const std::string& what, const std::filesystem::path& file, int error) {
  throw std::system_error(error, std::generic_category(), "cma: can't write " + what + " " + shown(file));
}

// Some filesystems can't, and do not need to.
bool cannot_sync(int error) { return error == EINVAL || error == ENOTSUP || error == ENOSYS; }

// So that a file's new name is on the disk, too. A folder that we may not read is left to the system.
void sync_folder(const std::string& what, const std::filesystem::path& file) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  const int error = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (error != 0 && !cannot_sync(error)) throw_failure(what, folder, error);
}

// Removes the file that was written under another name, unless it has become the right one.
class fresh_name {
 public:
  explicit fresh_name(const std::filesystem::path& file) : name_(file) { ::unlink((name_ += ".new").c_str()); }
  fresh_name(const fresh_name&) = delete;
  ~fresh_name() {
    if (!name_.empty()) ::unlink(name_.c_str());
  }
  [[nodiscard]] const std::filesystem::path& get() const { return name_; }
  bool rename(const std::filesystem::path& file) {
    if (::rename(name_.c_str(), file.c_str()) != 0) return false;
    name_.clear();
    return true;
  }

 private:
  std::filesystem::path name_;
};

// Returns `file` if it is, or can become, a regular one.
const std::filesystem::path& replaceable(const std::string& what, const std::filesystem::path& file) {
  struct stat there {};
  if (file.filename().empty()) throw_failure(what, file, file.empty() ? ENOENT : EISDIR);
  if (::stat(file.c_str(), &there) == 0 && !S_ISREG(there.st_mode))
    throw_failure(what, file, S_ISDIR(there.st_mode) ? EISDIR : EEXIST);
  return file;
}

void write_beside(const std::string& what, const fresh_name& fresh, std::string_view bytes) {
  output_file out(what, fresh.get(), output_file::start::fresh);
  out.write(bytes);
  out.sync();
  out.close();
}

}  // namespace

output_file::output_file(std::string what, std::filesystem::path file, start how)
    : what_(std::move(what)), file_(std::move(file)) {
  const int flags = how == start::empty ? O_TRUNC : how == start::behind ? O_APPEND : O_EXCL;
  descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
  if (descriptor_ < 0) fail(errno);
  struct stat opened {};
  regular_ = ::fstat(descriptor_, &opened) == 0 && S_ISREG(opened.st_mode);
  size_ = opened.st_size;
}

output_file::~output_file() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void output_file::write(std::string_view bytes) {
  for (std::string_view left = bytes; !left.empty();) {
    const ssize_t written = ::write(descriptor_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      if (regular_ && ::ftruncate(descriptor_, size_) == 0) ::lseek(descriptor_, size_, SEEK_SET);
      fail(error);
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  size_ += static_cast<std::int64_t>(bytes.size());
  struct stat now {};
  if (regular_ && ::fstat(descriptor_, &now) == 0 && now.st_nlink == 0) fail(ENOENT);  // it was removed meanwhile
}

void output_file::sync() {
  if (::fsync(descriptor_) != 0 && !cannot_sync(errno)) fail(errno);
}

void output_file::close() {
  if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) fail(errno);
}

void output_file::fail(int error) const { throw_failure(what_, file_, error); }

void make_folder_of(const std::filesystem::path& file) {
  std::error_code told_by_what_follows;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), told_by_what_follows);
}

void replace_file(const std::string& what, const std::filesystem::path& file, std::string_view bytes) {
  fresh_name fresh(replaceable(what, file));
  write_beside(what, fresh, bytes);
  if (!fresh.rename(file)) throw_failure(what, file, errno);
  sync_folder(what, file);
}

void try_to_replace_file(const std::string& what, const std::filesystem::path& file, std::string_view bytes) {
  const fresh_name fresh(replaceable(what, file));
  write_beside(what, fresh, bytes);
}

}  // namespace mobula::cma
