// The stream of events: nothing is missing, nothing comes twice, and a filter says what it leaves out.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "api/feed/hub.hpp"
#include "tests/unit/api/interface.hpp"

using namespace tests::api_interface;
using ledger::book::Role;
namespace rules = ledger::rules;
using ledger::base::Version;

namespace {

struct Event {
    std::string id;
    std::string type;
    json data;
};

// A reader of server-sent events over chunks.
class EventReader {
public:
    EventReader(Interface& book, const std::string& target, const std::string& key = {},
                const std::string& headers = {})
        : client_{book.api->port()} {
        client_.send(fmt::format("GET {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n{}\r\n", target,
                                 key.empty() ? book.key(Role::admin) : key, headers));
        client_.read_until("\r\n\r\n");
    }

    // The next event; comments before it are kept.
    Event next() {
        Event event;
        while (true) {
            const auto line = take_line();
            if (line.starts_with(":"))
                comments.push_back(line);
            else if (line.starts_with("id: "))
                event.id = line.substr(4);
            else if (line.starts_with("event: "))
                event.type = line.substr(7);
            else if (line.starts_with("data: "))
                event.data = json::parse(line.substr(6));
            else if (line.empty() && !event.id.empty())
                return event;
            else if (line == ended)
                return event;
        }
    }
    // Until a comment with that text has come; events before it are dropped.
    bool sees_comment(const std::string& text) {
        while (true) {
            const auto line = take_line();
            if (line == text) return true;
            if (line == ended) return false;
        }
    }

    std::vector<std::string> comments;
    static constexpr const char* ended = "(ended)";

private:
    std::string take_line() {
        while (true) {
            if (const auto end = text_.find('\n'); end != std::string::npos) {
                const auto line = text_.substr(0, end);
                text_.erase(0, end + 1);
                return line;
            }
            const auto size_line = client_.read_until("\r\n");
            if (!size_line.ends_with("\r\n")) return ended;
            const auto size = std::stoul(size_line, nullptr, 16);
            if (size == 0) return ended;
            std::string chunk;
            while (chunk.size() < size + 2) {
                const auto more = client_.read_until("\r\n");
                if (more.empty()) return ended;
                chunk += more;
            }
            text_ += chunk.substr(0, size);
        }
    }

    tests::http::RawClient client_;
    std::string text_;
};

}  // namespace

TEST_CASE("a stream from the beginning has every version, with the stored events and what follows from them",
          "[feed]") {
    Interface book;
    book.set_up_firm();
    book.made("/v1/journals", [] {
        auto body = deposit("bank-a.4d", "cust-1.fut", "USD", "1.00");
        body["id"] = "jrn-a";
        return body;
    }());
    book.made("/v1/journals/jrn-a:reverse", json::object());
    const auto head = book.ledger.committed()->state.version().value;
    EventReader reader{book, "/v1/events?from_version=1"};
    std::uint64_t version = 0;
    std::uint64_t index = 0;
    std::vector<std::string> last_types;
    while (true) {
        const auto event = reader.next();
        const auto at = event.data["version"].get<std::uint64_t>();
        if (at != version) {
            CHECK(at == version + 1);
            last_types.clear();
            index = 0;
        }
        version = at;
        CHECK(event.data["index"] == index++);
        CHECK(event.id == fmt::format("{}.{}", at, event.data["index"].get<std::uint64_t>()));
        CHECK(event.type == event.data["type"].get<std::string>());
        last_types.push_back(event.type);
        if (version == head && event.type == "balance.changed") {
            CHECK(event.data["after"].size() == 2);
            CHECK(event.data["after"][0]["free"].is_string());
            break;
        }
    }
    CHECK(last_types == std::vector<std::string>{"journal.posted", "journal.reversed", "balance.changed"});
}

TEST_CASE("a reader resumes after the last id it saw, inside a version too, and then follows the book",
          "[feed]") {
    Interface book;
    book.set_up_firm();
    book.key(Role::admin);
    const auto head = book.ledger.committed()->state.version().value;
    const auto posted = book.made("/v1/journals", deposit("bank-a.4d", "cust-1.fut", "USD", "1.00"));
    EventReader reader{
        book, "/v1/events?from_version=1", {}, fmt::format("Last-Event-ID: {}.0\r\n", head + 1)};
    const auto rest = reader.next();
    CHECK(rest.id == fmt::format("{}.1", head + 1));
    CHECK(rest.type == "balance.changed");
    const auto next = book.made("/v1/journals", deposit("bank-a.4d", "cust-1.fut", "USD", "2.00"));
    const auto live = reader.next();
    CHECK(live.id == fmt::format("{}.0", head + 2));
    CHECK(live.data["journal"]["id"] == next["id"]);
    CHECK(live.data["journal"]["hash"] == next["hash"]);
    CHECK(live.data["journal"]["hash"] != posted["hash"]);
}

TEST_CASE("a filtered stream names every version it leaves out", "[feed]") {
    Interface book;
    book.set_up_firm();
    book.key(Role::admin);
    const auto head = book.ledger.committed()->state.version().value;
    EventReader reader{
        book,
        fmt::format("/v1/events?types=lien.opened,lien.closed&account=cust-1.fut&from_version={}", head - 1)};
    book.made("/v1/journals", deposit("bank-a.4d", "cust-1.fut", "USD", "1.00"));
    book.made("/v1/liens", {{"account", "cust-1.fut"},
                            {"amount", amount("BND", "1")},
                            {"type", "CCP_MARGIN"},
                            {"holder", "cme"}});
    const auto event = reader.next();
    CHECK(event.type == "lien.opened");
    CHECK(event.data["lien"]["amount"] == amount("BND", "1.00"));
    CHECK(event.id == fmt::format("{}.0", head + 2));
    CHECK(reader.comments == std::vector<std::string>{fmt::format(": from version {}", head - 1),
                                                      fmt::format(": skipped {}", head - 1),
                                                      fmt::format(": skipped {}", head),
                                                      fmt::format(": skipped {}", head + 1)});
}

TEST_CASE("a customer's stream has the events of their accounts alone, without what they say of others",
          "[feed]") {
    Interface book;
    book.set_up_firm();
    const auto& key = book.key(Role::customer, "cust-1");
    const auto head = book.ledger.committed()->state.version().value;
    EventReader reader{book, "/v1/events", key};
    book.made("/v1/journals", deposit("bank-a.4d", "cust-2.fut", "USD", "7.00"));
    book.made("/v1/journals", deposit("bank-a.4d", "cust-1.fut", "USD", "1.00"));
    const auto event = reader.next();
    CHECK(event.id.ends_with(".0"));
    CHECK(event.data["journal"]["legs"].size() == 1);
    CHECK(event.data["after"].size() == 1);
    CHECK(event.data["after"][0]["account"] == "cust-1.fut");
    CHECK(event.data.dump().find("bank-a") == std::string::npos);
    CHECK(std::find(reader.comments.begin(), reader.comments.end(), fmt::format(": skipped {}", head + 1)) !=
          reader.comments.end());
}

TEST_CASE("an expiry comes as reservation.expired", "[feed]") {
    Interface book;
    book.set_up_firm();
    EventReader reader{book, "/v1/events?types=reservation.expired,reservation.closed"};
    book.made("/v1/reservations", {{"id", "rsv-1"},
                                   {"account", "cust-1.fut"},
                                   {"amount", amount("BND", "1")},
                                   {"expires_at", "2026-07-06T15:05:00Z"}});
    book.ledger.advance(std::chrono::minutes{6});
    const auto event = reader.next();
    CHECK(event.type == "reservation.expired");
    CHECK(event.data["reservation"]["id"] == "rsv-1");
    CHECK(event.data["after"][0]["free"] == "100.00");
}

TEST_CASE("ids that are malformed, or ahead of the book are 400, of another generation 409", "[feed]") {
    Interface book;
    book.set_up_firm();
    book.key(Role::admin);
    const auto head = book.ledger.committed()->state.version().value;
    for (const auto& id :
         {std::string{"x"}, std::string{"1"}, std::string{"1."}, std::string{".1"}, std::string{"01.0"},
          std::string{"1.0.0"}, std::string{"-1.0"}, fmt::format("{}.0", head + 1)}) {
        INFO(id);
        const auto answer = book.get("/v1/events", {}, fmt::format("Last-Event-ID: {}\r\n", id));
        CHECK(answer.status == 400);
        CHECK(json::parse(answer.body)["pointer"] == "Last-Event-ID");
    }
    CHECK(book.get("/v1/events", {}, "Last-Event-ID: 2.1.0\r\n").status == 409);
    CHECK(book.get(fmt::format("/v1/events?from_version={}", head + 2)).status == 400);
    CHECK(book.get("/v1/events?types=lien.eaten").status == 400);
    CHECK(book.get("/v1/events?since=1").status == 400);
}

TEST_CASE("a quiet stream beats, and names the version it has reached", "[feed]") {
    Interface book{{.heartbeat = std::chrono::milliseconds{50}}};
    book.set_up_firm();
    book.key(Role::admin);
    const auto head = book.ledger.committed()->state.version().value;
    EventReader reader{book, "/v1/events"};
    CHECK(reader.sees_comment(fmt::format(": heartbeat {}", head)));
}

TEST_CASE("the streams end when the server stops", "[feed]") {
    Interface book;
    book.set_up_firm();
    EventReader reader{book, "/v1/events"};
    book.api->stop();
    CHECK_FALSE(reader.sees_comment("never"));
}

TEST_CASE("a stream ends soon after the key that opened it is revoked", "[feed]") {
    Interface book{{.heartbeat = std::chrono::milliseconds{20}}};
    book.set_up_firm();
    book.made("/v1/principals",
              {{"id", "p-b"}, {"kind", "service"}, {"name", "b"}, {"roles", json::array({"auditor"})}});
    const auto key = book.made("/v1/principals/p-b/keys", json::object());
    EventReader reader{book, "/v1/events", key["key"].get<std::string>()};
    book.made("/v1/keys/" + key["id"].get<std::string>() + ":revoke", json::object());
    CHECK(reader.sees_comment(": the key is no longer in force"));
}

TEST_CASE("a reader that takes nothing holds one buffer and is closed, while another goes on", "[feed]") {
    ModelLedger ledger;
    for (int n = 0; n < 400; ++n) {
        rules::AddParty party;
        party.name.text = "p";
        ledger.accept(party);
    }
    api::feed::Hub hub{ledger,
                       {.heartbeat = std::chrono::milliseconds{20},
                        .stall_max = std::chrono::milliseconds{1500},
                        .chunk_bytes = 2048,
                        .buffer_bytes = 4096}};
    rules::AddPrincipal principal;
    principal.id = "p-1";
    principal.roles.add(Role::auditor);
    ledger.accept(principal);
    rules::CreateKey key;
    key.principal = "p-1";
    key.key_id = "abcdefgh";
    ledger.accept(key);
    const auto head = ledger.committed()->state.version();
    const auto slow = hub.subscribe({.next = {Version{1}, 0}, .key = "abcdefgh"});
    const auto quick = hub.subscribe({.next = {Version{1}, 0}, .key = "abcdefgh"});
    std::string taken;
    const auto last = fmt::format("id: {}.0\n", head.value);
    const bool is_there = tests::http::soon([&] {
        taken += quick->take().data;
        return taken.find(last) != std::string::npos;
    });
    CHECK(is_there);
    CHECK(slow->buffered() <= 8192);
    CHECK(tests::http::soon([&] { return slow->closed(); }));
    CHECK(slow->take().data.find(": too slow; resume with Last-Event-ID ") != std::string::npos);
    CHECK_FALSE(quick->closed());
}
