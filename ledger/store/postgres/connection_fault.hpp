// The world failed: the server said no, or is gone. Thrown inside the store only and turned into an answer at
// its border.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace ledger::store::postgres {

class Fault : public std::runtime_error {
public:
    struct Facts {
        std::string sqlstate{};  // five characters; empty when the trouble is not the server's word
        std::string message{};  // the primary message
        std::string detail{};
        bool connection_lost = false;  // nothing more can be sent; what was under way is in doubt
        bool deadline_passed = false;  // we ended the connection ourselves
    };

    explicit Fault(Facts facts);

    [[nodiscard]] const std::string& sqlstate() const { return facts_.sqlstate; }
    [[nodiscard]] const std::string& message() const { return facts_.message; }
    [[nodiscard]] const std::string& detail() const { return facts_.detail; }
    [[nodiscard]] bool connection_lost() const { return facts_.connection_lost; }
    [[nodiscard]] bool deadline_passed() const { return facts_.deadline_passed; }

private:
    Facts facts_;
};

// A value that does not have the form it was read as: schema and program differ.
[[noreturn]] void throw_malformed(std::string what);

}  // namespace ledger::store::postgres
