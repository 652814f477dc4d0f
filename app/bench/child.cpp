#include "app/bench/child.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "app/options.hpp"

namespace app::bench {

Child::Child(const std::vector<std::string>& arguments, const std::filesystem::path& log) : log_{log} {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw CommandFailed{exit_unreachable, "No pipe can be made."};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                       0600);
    std::vector<std::string> texts{"bailee"};
    texts.insert(texts.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    const int trouble =
        ::posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, pointers.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    output_ = ends[0];
    if (trouble == 0) return;
    process_ = -1;
    ::close(output_);
    throw CommandFailed{exit_unreachable,
                        fmt::format("No second bailee can be started: {}.", std::strerror(trouble))};
}

Child::~Child() {
    if (process_ > 1) {
        ::kill(process_, SIGTERM);
        int status = 0;
        while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
        }
    }
    ::close(output_);
}

std::string Child::first_line() {
    std::string line;
    while (true) {
        char letter = 0;
        const auto size = ::read(output_, &letter, 1);
        if (size < 0 && errno == EINTR) continue;
        if (size == 1 && letter == '\n') return line;
        if (size <= 0) break;
        line += letter;
    }
    std::ifstream file{log_};
    const std::string said{std::istreambuf_iterator<char>{file}, {}};
    throw CommandFailed{exit_unreachable, fmt::format("A second bailee ended before it was ready: {}", said)};
}

}  // namespace app::bench
