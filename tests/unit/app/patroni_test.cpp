#include <sys/socket.h>

#include <chrono>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include "app/options.hpp"
#include "app/patroni.hpp"

namespace {

using boost::asio::ip::tcp;

// A REST interface on loopback that gives every request the same answer, or none at all.
class RestInterface {
public:
    RestInterface(int status, const std::string& body, bool is_silent = false)
        : answer_{fmt::format("HTTP/1.0 {} -\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body)},
          is_silent_{is_silent},
          thread_{[this] { serve(); }} {}
    RestInterface(const RestInterface&) = delete;
    RestInterface& operator=(const RestInterface&) = delete;
    ~RestInterface() {
        ::shutdown(listener_.native_handle(), SHUT_RDWR);
        thread_.join();
    }
    [[nodiscard]] std::string url() const {
        return fmt::format("http://127.0.0.1:{}", listener_.local_endpoint().port());
    }
    std::string asked;  // the first line of the last request; read it when nobody asks

private:
    void serve() {
        std::vector<tcp::socket> silent;
        while (true) {
            boost::system::error_code error;
            tcp::socket caller{io_};
            listener_.accept(caller, error);
            if (error) return;
            std::string request;
            boost::asio::read_until(caller, boost::asio::dynamic_buffer(request), "\r\n\r\n", error);
            asked = request.substr(0, request.find("\r\n"));
            if (!is_silent_) boost::asio::write(caller, boost::asio::buffer(answer_), error);
            if (is_silent_) silent.push_back(std::move(caller));
        }
    }

    const std::string answer_;
    const bool is_silent_;
    boost::asio::io_context io_;
    tcp::acceptor listener_{io_, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};
    std::thread thread_;
};

constexpr const char* three_hosts = "postgresql://bailee@db1:5431,db2:5432,db3:5433/book";

std::string host_of(const ledger::base::Result<std::string>& conninfo) {
    REQUIRE(conninfo);
    return conninfo->substr(0, conninfo->find(' '));
}

}  // namespace

TEST_CASE("the primary is the host whose Patroni holds the lock") {
    const RestInterface standby{503, R"({"role":"replica","timeline":2})"};
    const RestInterface primary{200, R"({"role":"master","timeline":2})"};
    const RestInterface away{503, ""};
    const app::PatroniNodes nodes{{standby.url(), primary.url() + "/", away.url()}, three_hosts};
    CHECK(host_of(nodes.primary()) == "host='db2'");
    CHECK(primary.asked == "GET /primary HTTP/1.1");
}

TEST_CASE("of two that claim the lock the one on the later timeline is the primary") {
    const RestInterface deposed{200, R"({"timeline":4})"};
    const RestInterface promoted{200, R"({"timeline":5})"};
    CHECK(host_of(app::PatroniNodes{{deposed.url(), promoted.url(), deposed.url()}, three_hosts}.primary()) ==
          "host='db2'");
    CHECK(host_of(app::PatroniNodes{{promoted.url(), deposed.url(), deposed.url()}, three_hosts}.primary()) ==
          "host='db1'");
}

TEST_CASE("a node that says nothing holds nobody up for long") {
    const RestInterface frozen{200, "", true};
    const RestInterface primary{200, "not the JSON of Patroni"};
    const app::PatroniNodes nodes{{frozen.url(), frozen.url(), primary.url()}, three_hosts};
    const auto begun = std::chrono::steady_clock::now();
    CHECK(host_of(nodes.primary()) == "host='db3'");
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{2});
}

TEST_CASE("while no node holds the lock nobody is the primary") {
    const RestInterface standby{503, ""};
    const app::PatroniNodes nodes{{standby.url(), standby.url(), "http://127.0.0.1:1"}, three_hosts};
    const auto found = nodes.primary();
    REQUIRE_FALSE(found);
    CHECK(found.error().detail == "no node says that it is the primary");
}

TEST_CASE("Patroni's addresses go with the hosts one by one") {
    CHECK_THROWS_WITH(
        (app::PatroniNodes{{"http://a:8008"}, three_hosts}),
        "--patroni has 1 addresses and the database 3 hosts; give one for each host, in the same order.");
    CHECK_THROWS_WITH((app::PatroniNodes{{"a:8008", "http://b:8008", "http://c:8008"}, three_hosts}),
                      "--patroni wants addresses like http://10.0.0.1:8008, not \"a:8008\".");
}
