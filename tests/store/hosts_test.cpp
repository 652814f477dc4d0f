#include <catch2/catch.hpp>

#include "ledger/store/postgres/hosts.hpp"

using ledger::store::postgres::one_for_each_host;

TEST_CASE("an address with several hosts becomes one address for each, in order") {
    const auto found =
        one_for_each_host("postgresql://bailee:it's@10.0.0.1:5432,10.0.0.2:5433/book?connect_timeout=2");
    REQUIRE(found);
    REQUIRE(found->size() == 2);
    CHECK((*found)[0] ==
          "host='10.0.0.1' port='5432' connect_timeout='2' dbname='book' password='it\\'s' "
          "target_session_attrs='read-write' user='bailee' ");
    CHECK((*found)[1] ==
          "host='10.0.0.2' port='5433' connect_timeout='2' dbname='book' password='it\\'s' "
          "target_session_attrs='read-write' user='bailee' ");
    SECTION("and each of those is read back as it is") {
        const auto again = one_for_each_host((*found)[0]);
        REQUIRE(again);
        CHECK(*again == std::vector{(*found)[0]});
    }
}

TEST_CASE("one port serves all hosts, and what the operator says of the session stays") {
    const auto found = one_for_each_host("host=a,b,c port=6000 target_session_attrs=primary");
    REQUIRE(found);
    CHECK((*found)[2] == "host='c' port='6000' target_session_attrs='primary' ");
}

TEST_CASE("an address with ports for some of its hosts, or none at all, is refused with what to do") {
    const auto uneven = one_for_each_host("host=a,b,c port=6000,6001");
    REQUIRE_FALSE(uneven);
    CHECK(uneven.error().detail == "The address of the database has 2 of port for 3 servers.");
    CHECK(uneven.error().next_step == "Name one for each server.");
    CHECK_FALSE(one_for_each_host("host='a"));
}
