// Runs every *.scenario of this folder over the pure core. The tables are for a compliance officer to read;
// README.md beside them says what each word means.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "tests/support/laws.hpp"
#include "tests/support/test_book.hpp"

namespace {

using namespace support;
using Words = std::vector<std::string>;

// Words are parted by blanks; "a text in quotes" is one.
Words words_of(const std::string& line) {
    Words words;
    std::istringstream in{line.substr(0, line.find('#'))};
    for (std::string word; in >> std::ws && in.peek() != EOF;) {
        if (in.peek() == '"') {
            in.get();
            std::getline(in, word, '"');
        } else {
            in >> word;
        }
        words.push_back(word);
    }
    return words;
}

class Scenario {
public:
    explicit Scenario(const std::filesystem::path& path) : file_{path} {}

    void run() {
        REQUIRE(file_.good());
        for (std::string line; std::getline(file_, line);) {
            ++number_;
            const auto words = words_of(line);
            if (words.empty()) continue;
            INFO("line " << number_ << ": " << line);
            read(words);
        }
        flush();
        CHECK(steps_ > 0);
        CHECK(checks_ > 0);
    }

private:
    [[nodiscard]] static Json amount(const std::string& digits, const std::string& asset) {
        return {{"asset", asset}, {"amount", digits}};
    }
    // The value of a field given as `name value` behind the fixed words.
    static void fields(Json& body, const Words& words, std::size_t from) {
        for (auto at = from; at + 1 < words.size(); at += 2) body[words[at]] = words[at + 1];
    }

    void read(const Words& words) {
        const auto& verb = words[0];
        if (verb == "debit" || verb == "credit") {
            pending_["legs"].push_back({{"account", words.at(1)}, {verb, amount(words.at(2), words.at(3))}});
        } else if (verb == "line") {
            pending_["allocation"].push_back({{"account", words.at(1)},
                                              {"location", words.at(2)},
                                              {"amount", amount(words.at(3), words.at(4))}});
        } else if (verb == "refused") {
            send();
            CHECK(answer_.code() == words.at(1));
            if (words.size() > 2) CHECK(answer_.pointer() == words[2]);
            must_be_accepted_ = false;
        } else {
            flush();
            ++steps_;
            begin(words);
        }
    }
    // A step is accepted unless the next line says that it is refused.
    void flush() {
        send();
        if (must_be_accepted_) {
            INFO(answer_.code() << " " << answer_.pointer() << " "
                                << (answer_.error ? answer_.error->detail : ""));
            CHECK(answer_.is_accepted());
        }
        must_be_accepted_ = false;
        CHECK(broken_law(book_.state()) == "");
    }
    void send() {
        if (path_.empty()) return;
        answer_ = book_.post(path_, pending_);
        path_.clear();
        must_be_accepted_ = true;
    }
    void ask(std::string path, Json body) {
        path_ = std::move(path);
        pending_ = std::move(body);
    }

    void begin(const Words& words) {
        const auto& verb = words[0];
        if (verb == "at") return book_.tick(words.at(1));
        if (verb == "party")
            return ask("/v1/parties", {{"id", words.at(1)}, {"name", words.at(1)}, {"kind", words.at(2)}});
        if (verb == "asset")
            return ask("/v1/assets",
                       {{"id", words.at(1)}, {"kind", words.at(2)}, {"scale", std::stoi(words.at(3))}});
        if (verb == "obligation" || verb == "location") return account(words);
        if (verb == "journal") {
            Json body{{"reason", words.at(1)}, {"legs", Json::array()}};
            fields(body, words, 2);
            if (body.contains("evidence"))
                body["evidence"] = Json::array({{{"kind", "paper"}, {"reference", body["evidence"]}}});
            if (body.contains("liens")) body["liens"] = Json::array({body["liens"]});
            return ask("/v1/journals", std::move(body));
        }
        if (verb == "reverse")
            return ask("/v1/journals/" + words.at(1) + ":reverse", {{"reason", "CORRECTION"}});
        if (verb == "lien") return lien(words);
        if (verb == "release") {
            Json body = Json::object();
            if (words.size() > 2) body["amount"] = amount(words.at(2), words.at(3));
            return ask("/v1/liens/" + words.at(1) + ":release", std::move(body));
        }
        if (verb == "increase")
            return ask("/v1/liens/" + words.at(1) + ":increase",
                       {{"amount", amount(words.at(2), words.at(3))}});
        if (verb == "reserve")
            return ask("/v1/reservations", {{"id", words.at(1)},
                                            {"account", words.at(2)},
                                            {"amount", amount(words.at(3), words.at(4))},
                                            {"expires_at", words.at(5)}});
        if (verb == "expect") return expect(words);
        if (verb == "exceptions") return check(std::to_string(book_.open_exceptions()), words.at(1));
        if (verb == "liens") return check(std::to_string(book_.open_liens()), words.at(1));
        if (verb == "reservations") return check(std::to_string(book_.open_reservations()), words.at(1));
        FAIL("no such word: " << verb);
    }
    void account(const Words& words) {
        Json body{{"side", words[0]}, {"id", words.at(1)}, {"party", words.at(2)}, {"kind", words.at(3)}};
        body[words.at(4) == "securities_record" ? "pool" : "regime"] = words.at(4);
        if (words.size() > 5) {
            REQUIRE(words[5] == "limit");
            body["limits"] = Json::array({amount(words.at(6), words.at(7))});
        }
        ask("/v1/accounts", std::move(body));
    }
    void lien(const Words& words) {
        Json body{{"id", words.at(1)}, {"type", words.at(2)}, {"holder", words.at(3)}};
        std::size_t from = 4;
        if (words.size() > 6 && words[4] == "on") {
            body["account"] = words[5];
            body["amount"] = amount(words[6], words.at(7));
            from = 8;
        }
        fields(body, words, from);
        if (body.contains("rank")) body["rank"] = std::stoi(body["rank"].get<std::string>());
        ask("/v1/liens", std::move(body));
    }
    void expect(const Words& words) {
        for (std::size_t at = 3; at + 1 < words.size(); at += 2) {
            const auto& what = words[at];
            INFO(words.at(1) << " " << words.at(2) << " " << what);
            const auto is = what == "total"        ? book_.total(words[1], words[2])
                            : what == "free"       ? book_.free(words[1], words[2])
                            : what == "encumbered" ? book_.encumbered(words[1], words[2])
                                                   : book_.reserved(words[1], words[2]);
            check(is, words[at + 1]);
        }
    }
    void check(const std::string& is, const std::string& should) {
        ++checks_;
        CHECK(is == should);
    }

    std::ifstream file_;
    int number_ = 0;
    int steps_ = 0;
    int checks_ = 0;
    TestBook book_{"2026-03-05T13:00:00Z"};
    std::string path_;
    Json pending_;
    Answer answer_;
    bool must_be_accepted_ = false;
};

}  // namespace

TEST_CASE("each scenario table comes out as it is written") {
    std::vector<std::filesystem::path> tables;
    for (const auto& entry :
         std::filesystem::directory_iterator{"tests/scenario"})
        if (entry.path().extension() == ".scenario") tables.push_back(entry.path());
    std::ranges::sort(tables);
    CHECK(tables.size() >= 6);
    for (const auto& table : tables) DYNAMIC_SECTION(table.stem().string()) {
            Scenario{table}.run();
        }
}
