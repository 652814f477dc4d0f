// The binary forms, through a real PostgreSQL: what goes in is what the server shows, and what comes out is
// the same.
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <limits>
#include <string>
#include <vector>

#include "ledger/store/postgres/connection.hpp"
#include "ledger/store/postgres/copy_writer.hpp"
#include "tests/support/temp_postgres.hpp"

namespace {

using namespace ledger::store::postgres;
using ledger::base::int128;
using ledger::base::Quantity;
using ledger::base::uint128;
using tests::support::TempPostgres;

constexpr int128 int128_max = static_cast<int128>((~uint128{0}) >> 1U);
constexpr int128 int128_min = -int128_max - 1;

// The dull way, sharing nothing with the code under test.
std::string printed(int128 value) {
    if (value == 0) return "0";
    std::string digits;
    for (int128 rest = value; rest != 0; rest /= 10) {
        const int digit = static_cast<int>(rest % 10);
        digits.insert(digits.begin(), static_cast<char>('0' + (digit < 0 ? -digit : digit)));
    }
    return value < 0 ? "-" + digits : digits;
}

std::vector<int128> edges() {
    std::vector<int128> values{0, 1, -1, int128_max, int128_min, int128_max - 1, int128_min + 1};
    int128 power = 1;
    for (int exponent = 0; exponent <= 38; ++exponent) {
        for (const int128 near : {power - 1, power, power + 1}) {
            values.push_back(near);
            values.push_back(-near);
        }
        if (exponent < 38) power *= 10;
    }
    for (unsigned bit = 0; bit < 127; ++bit) values.push_back(int128{1} << bit);
    return values;
}

std::string encoded(const Quantity& value) {
    ByteBuffer buffer;
    put_quantity(buffer, value);
    return std::string{buffer.view().substr(4)};
}

FieldView numeric_of(const std::string& bytes) { return FieldView{bytes}; }

}  // namespace

TEST_CASE("a quantity at every edge of 128 bits is the same number in PostgreSQL and back") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    std::vector<Quantity> sent;
    for (const int128 value : edges()) sent.emplace_back(value);
    const Rows rows = connection.execute(
        "SELECT n::text, n FROM unnest($1::numeric[]) WITH ORDINALITY AS t(n, i) ORDER BY i",
        Parameters{}.add_array(sent));
    REQUIRE(rows.size() == sent.size());
    for (std::size_t row = 0; row < sent.size(); ++row) {
        CHECK(rows.at(row, 0).text() == printed(sent[row].units()));
        CHECK(rows.at(row, 1).quantity() == sent[row]);
    }
}

TEST_CASE("the bytes of a quantity are the ones PostgreSQL itself sends for that number") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    for (const int128 value : edges()) {
        const Rows rows = connection.execute("SELECT numeric_send('" + printed(value) + "'::numeric)");
        const auto bytes = rows.at(0, 0).bytes();
        const std::string theirs{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
        REQUIRE(encoded(Quantity{value}) == theirs);
    }
}

TEST_CASE("any quantity survives its binary form") {
    rc::check([](std::uint64_t high, std::uint64_t low, unsigned shift) {
        const auto bits = ((uint128{high} << 64U) | low) >> (shift % 128U);
        const Quantity value{static_cast<int128>(bits)};
        const std::string bytes = encoded(value);
        RC_ASSERT(numeric_of(bytes).quantity() == value);
    });
}

TEST_CASE("a numeric that is no whole number of 128 bits is refused, never rounded") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    for (const char* text :
         {"0.5", "1.000000001", "170141183460469231731687303715884105728",
          "-170141183460469231731687303715884105729", "1e40", "1e200", "NaN", "Infinity"}) {
        const Rows rows = connection.execute(std::string{"SELECT '"} + text + "'::numeric");
        CHECK_THROWS_AS(rows.at(0, 0).quantity(), Fault);
    }
    const Rows rows = connection.execute("SELECT 12.000::numeric(20,3)");
    CHECK(rows.at(0, 0).quantity() == Quantity{12});
}

TEST_CASE("every type comes back from COPY as it went in") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    connection.execute_script(
        "CREATE DOMAIN quantity AS numeric(39,0);"
        "CREATE TABLE t (a int2, b int4, c int8, d bool, e timestamptz, f bytea, g text, h quantity, i uuid, "
        "j int8[],"
        " k quantity[], l text[], m date, n jsonb, o int8)");
    const ledger::base::Microseconds at{std::chrono::microseconds{1'783'350'245'000'001}};
    const std::chrono::sys_days day{std::chrono::year{2026} / 7 / 6};
    const std::string raw{"\0\1\377", 3};
    const Uuid uuid{std::byte{0xFE}, std::byte{1}};
    const std::vector<std::int64_t> numbers{std::numeric_limits<std::int64_t>::min(), 0, 7};
    const std::vector<Quantity> quantities{Quantity{int128_max}, Quantity{-5}};
    const std::vector<std::optional<std::string>> texts{"é", std::nullopt, ""};
    CopyWriter rows;
    for (int row = 0; row < 3; ++row) {
        rows.row(15).int2(-2).int4(-4).int8(-8).boolean(true).instant(at).bytes(ledger::base::as_bytes(raw));
        rows.text("é\n\t\\N")
            .quantity(Quantity{int128_min})
            .uuid(uuid)
            .array(numbers)
            .array(quantities)
            .array(texts);
        rows.day(day).jsonb(R"({"a": 1})").null();
    }
    const char* into = "COPY t FROM STDIN (FORMAT binary)";
    REQUIRE(connection.copy_in(into, rows.finish()) == 3);
    CHECK(
        connection
            .execute(
                "SELECT 1 FROM t WHERE a = -2 AND b = -4 AND c = -8 AND d AND m = '2026-07-06' AND"
                " e = '2026-07-06 15:04:05.000001+00' AND f = '\\x0001ff' AND g = E'é\\n\\t\\\\N' AND"
                " h = -170141183460469231731687303715884105728 AND i = 'fe010000-0000-0000-0000-000000000000'"
                " AND j[3] = 7 AND k[2] = -5 AND l[2] IS NULL AND l[3] = '' AND n = '{\"a\":1}'"
                " AND o IS NULL")
            .size() == 3);
    std::size_t seen = 0;
    const std::size_t given = connection.copy_out("COPY t TO STDOUT (FORMAT binary)", [&](const auto& row) {
        ++seen;
        REQUIRE(row.size() == 15);
        CHECK(row[0].int2() == -2);
        CHECK(row[1].int4() == -4);
        CHECK(row[2].int8() == -8);
        CHECK(row[3].boolean());
        CHECK(row[4].instant() == at);
        CHECK(std::ranges::equal(row[5].bytes(), ledger::base::as_bytes(raw)));
        CHECK(row[6].text() == "é\n\t\\N");
        CHECK(row[7].quantity() == Quantity{int128_min});
        CHECK(row[8].uuid() == uuid);
        CHECK(row[9].int8_array() == numbers);
        CHECK(row[10].quantity_array() == quantities);
        CHECK(row[11].elements(oid::text)[1].is_null());
        CHECK(row[12].day() == day);
        CHECK(row[13].jsonb() == R"({"a": 1})");
        CHECK(row[14].is_null());
    });
    CHECK(seen == 3);
    CHECK(given == 3);
}

TEST_CASE("a COPY of many rows fills and empties in pieces, and the writer can be used again") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    connection.execute_script("CREATE TABLE t (n int8, q numeric(39,0))");
    CopyWriter rows;
    constexpr std::int64_t count = 100'000;
    for (int round = 0; round < 2; ++round) {
        for (std::int64_t row = 0; row < count; ++row)
            rows.row(2).int8(row).quantity(Quantity{int128{row} * -row});
        CHECK(rows.rows() == count);
        CHECK(connection.copy_in("COPY t FROM STDIN (FORMAT binary)", rows.finish()) == count);
    }
    std::int64_t next = 0;
    bool all_right = true;
    connection.copy_out(
        "COPY (SELECT DISTINCT n, q FROM t ORDER BY n) TO STDOUT (FORMAT binary)", [&](const auto& row) {
            all_right =
                all_right && row[0].int8() == next && row[1].quantity() == Quantity{int128{next} * -next};
            ++next;
        });
    CHECK(next == count);
    CHECK(all_right);
}

TEST_CASE("a COPY the server refuses leaves the session usable and names the constraint's kind") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    connection.execute_script("CREATE TABLE t (n int8 PRIMARY KEY)");
    CopyWriter rows;
    rows.row(1).int8(1).row(1).int8(1);
    try {
        connection.copy_in("COPY t FROM STDIN (FORMAT binary)", rows.finish());
        FAIL("a duplicate key was taken");
    } catch (const Fault& fault) {
        CHECK(fault.sqlstate() == "23505");
        CHECK_FALSE(fault.connection_lost());
    }
    CHECK(connection.execute("SELECT count(*) FROM t").at(0, 0).int8() == 0);
}

TEST_CASE("a COPY stream is understood in pieces of any size") {
    CopyWriter writer;
    for (std::int64_t row = 0; row < 20; ++row)
        writer.row(2).int8(row).text(std::string(static_cast<std::size_t>(row), 'x'));
    const std::string stream{writer.finish()};
    for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
        CopyReader reader;
        std::vector<FieldView> row;
        std::int64_t next = 0;
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            reader.feed(std::string_view{stream}.substr(at, piece));
            while (reader.next(row)) {
                REQUIRE(row[0].int8() == next);
                REQUIRE(row[1].text().size() == static_cast<std::size_t>(next));
                ++next;
            }
        }
        REQUIRE(next == 20);
        REQUIRE(reader.is_at_end());
    }
}

TEST_CASE("a value read as another type is a fault and not a guess") {
    const auto database = TempPostgres::instance().empty_database();
    auto connection = database->connect();
    const Rows rows =
        connection.execute("SELECT 1::int4, NULL::int8, ARRAY[1,2]::int4[], 'infinity'::timestamptz");
    CHECK_THROWS_AS(rows.at(0, 0).int8(), Fault);
    CHECK_THROWS_AS(rows.at(0, 1).int8(), Fault);
    CHECK_THROWS_AS(rows.at(0, 2).int8_array(), Fault);
    CHECK_THROWS_AS(rows.at(0, 3).instant(), Fault);
    CHECK(rows.at(0, 2).int4_array() == std::vector<std::int32_t>{1, 2});
}
