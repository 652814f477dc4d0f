// Keys minted by the command line: the secret leaves here once.
#pragma once

#include <string>
#include <vector>

#include "ledger/port/ledger.hpp"

namespace app {

// Letters of the environment that stand in each key's text, so that a demo key is never taken for another.
inline constexpr const char* live_environment = "live";
inline constexpr const char* demo_environment = "demo";

struct NewPrincipal {
    std::string id;  // empty: the book makes one
    std::string name;
    ledger::book::RoleSet roles;
    std::string party{};
    ledger::book::PrincipalKind kind = ledger::book::PrincipalKind::service;
};

// Adds the principal and mints its first key; the key's text. Throws CommandFailed when the book refuses.
[[nodiscard]] std::string mint_principal(ledger::port::Ledger& book, const NewPrincipal& principal,
                                         const std::string& pepper, const std::string& environment);
[[nodiscard]] std::string mint_key(ledger::port::Ledger& book, const std::string& principal,
                                   const std::string& pepper, const std::string& environment);

// The pepper's bytes, or none without a file.
[[nodiscard]] std::string read_pepper(const std::string& path);

}  // namespace app
