#include "app/server_files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "app/options.hpp"

namespace app {

std::optional<ServerLock> ServerLock::take(const std::string& data_dir) {
    std::filesystem::create_directories(data_dir);
    const auto path = data_dir + "/server.lock";
    const int descriptor = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0) throw CommandFailed{exit_refused, fmt::format("{}: {}.", path, std::strerror(errno))};
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return ServerLock{descriptor};
    ::close(descriptor);
    return std::nullopt;
}

ServerLock::ServerLock(ServerLock&& other) noexcept : descriptor_{other.descriptor_} {
    other.descriptor_ = -1;
}

ServerLock& ServerLock::operator=(ServerLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

ServerLock::~ServerLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void write_private_file(const std::string& path, const std::string& text) {
    const auto draft = path + ".new";
    const int descriptor = ::open(draft.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (descriptor < 0)
        throw CommandFailed{exit_refused, fmt::format("{}: {}.", draft, std::strerror(errno))};
    const bool is_written =
        ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(descriptor) == 0;
    ::close(descriptor);
    if (!is_written) throw CommandFailed{exit_refused, fmt::format("{} cannot be written.", draft)};
    std::filesystem::rename(draft, path);
}

std::string server_address_file(const std::string& data_dir) { return data_dir + "/server.url"; }
std::string command_line_key_file(const std::string& data_dir) { return data_dir + "/command-line.key"; }

}  // namespace app
