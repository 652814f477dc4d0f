// Which of the database's servers is the primary, asked of Patroni. An address that takes writes is not
// enough: a deposed primary takes them too, until Patroni has stopped it, and what it takes is lost.
#pragma once

#include <string>
#include <vector>

#include "ledger/base/error.hpp"

namespace app {

class PatroniNodes {
public:
    // `addresses` are those of Patroni's REST interface, in the order in which `conninfo` names the hosts.
    // Throws CommandFailed when there is not one for each.
    PatroniNodes(std::vector<std::string> addresses, const std::string& conninfo);

    // The connection string of the server whose Patroni holds the lock now. Asks all at once and waits a
    // second at most. Refused when none says so: then nobody may write. Any thread.
    [[nodiscard]] ledger::base::Result<std::string> primary() const;

private:
    struct Node {
        std::string url;  // of GET /primary
        std::string conninfo;
    };
    std::vector<Node> nodes_;
};

}  // namespace app
