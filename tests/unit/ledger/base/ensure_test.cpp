#include "ledger/base/ensure.hpp"

#include <array>
#include <csignal>
#include <string>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

namespace ledger::base {
namespace {

struct Ending {
    int signal = 0;
    std::string said;
};

// Runs in a child, because what it tests ends the process.
template <class Function>
Ending ending_of(Function function) {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const rlimit no_core{0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        function();
        _exit(0);
    }
    close(ends[1]);
    Ending ending;
    std::array<char, 256> part{};
    for (ssize_t size = 0; (size = read(ends[0], part.data(), part.size())) > 0;) {
        ending.said.append(part.data(), static_cast<std::size_t>(size));
    }
    close(ends[0]);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status)) ending.signal = WTERMSIG(status);
    return ending;
}

}  // namespace

TEST_CASE("a broken promise of ours ends the process and says where and why") {
    const auto ending = ending_of([] { ensure(1 + 1 == 3, "sums hold"); });
    CHECK(ending.signal == SIGABRT);
    CHECK(ending.said.find("ensure_test.cpp") != std::string::npos);
    CHECK(ending.said.find("sums hold") != std::string::npos);
}

TEST_CASE("a place that is never reached ends the process when it is") {
    CHECK(ending_of([] { never("no such kind"); }).signal == SIGABRT);
}

TEST_CASE("a promise that holds says nothing and goes on") {
    const auto ending = ending_of([] { ensure(1 + 1 == 2, "sums hold"); });
    CHECK(ending.signal == 0);
    CHECK(ending.said.empty());
}

}  // namespace ledger::base
